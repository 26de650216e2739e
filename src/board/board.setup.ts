import { createBullBoard } from '@bull-board/api';
import { FastifyAdapter } from '@bull-board/fastify';
import fastifyCookie from '@fastify/cookie';
import { getQueueToken } from '@nestjs/bullmq';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Queue } from 'bullmq';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { unavailable } from '../common/errors/problem.js';
import type { ProblemFilter } from '../common/errors/problem.filter.js';
import { DELIVERIES_QUEUE } from '../delivery/contract.js';
import { API_PATH, BOARD_PATH, BoardAccess, SIGN_IN_PATH, SIGN_OUT_PATH } from './board-access.js';
import { SECURITY_HEADERS, fitAnswer } from './board-answers.js';
import { refuseWhatMisleads, showDeliveries, uiConfig } from './board-options.js';

const PAGES = dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json'));

const MAX_FORM_BYTES = 8 * 1024;

/** BullMQ waits for ever for a Redis that is away, and a request that hangs keeps the process from stopping. */
const ANSWER_WITHIN_MS = 5000;

/** Serves Bull Board under /queues. It is a plugin of its own, so that none of its hooks touch the API. */
export async function setupBoard(app: NestFastifyApplication, problems: ProblemFilter): Promise<void> {
  const access = app.get(BoardAccess);
  const board = createBoard(app.get<Queue>(getQueueToken(DELIVERIES_QUEUE)));
  const fastify = app.getHttpAdapter().getInstance();
  await fastify.register(async (scope) => {
    await scope.register(fastifyCookie);
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body as string))),
    );
    // Per route, because Bull Board brings an error handler of its own that answers 500 to everything.
    scope.addHook('onRoute', (route) => {
      route.errorHandler = (error, request, reply) => problems.send(explain(error), request, reply);
      if (route.url.startsWith(API_PATH)) route.handlerTimeout = ANSWER_WITHIN_MS;
    });
    scope.addHook('onRequest', (request, reply) => access.check(request, reply.headers(SECURITY_HEADERS)));
    scope.addHook('onSend', fitAnswer);
    scope.get(SIGN_IN_PATH, (_request, reply) => access.showSignIn(reply));
    scope.post(SIGN_IN_PATH, { bodyLimit: MAX_FORM_BYTES }, (request, reply) =>
      access.signIn(request, reply),
    );
    scope.get(SIGN_OUT_PATH, (request, reply) => access.signOut(request, reply));
    await scope.register(board.registerPlugin(), { prefix: BOARD_PATH });
  });
}

function explain(error: Error & { code?: string }): Error {
  return error.code === 'FST_ERR_HANDLER_TIMEOUT'
    ? unavailable('The queue does not answer. Deliveries go on without it, up to two seconds late.', 5, error)
    : error;
}

function createBoard(queue: Queue): FastifyAdapter {
  const adapter = new FastifyAdapter().setBasePath(BOARD_PATH);
  createBullBoard({
    queues: [showDeliveries(queue)],
    serverAdapter: adapter,
    options: { uiBasePath: PAGES, uiConfig, handlerHooks: refuseWhatMisleads },
  });
  return adapter;
}
