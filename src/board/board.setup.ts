import { createBullBoard } from '@bull-board/api';
import { FastifyAdapter } from '@bull-board/fastify';
import fastifyCookie from '@fastify/cookie';
import { getQueueToken } from '@nestjs/bullmq';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Queue } from 'bullmq';
import type { ProblemFilter } from '../common/errors/problem.filter.js';
import { DELIVERIES_QUEUE } from '../delivery/contract.js';
import { BOARD_PATH, BoardAccess, SIGN_IN_PATH, SIGN_OUT_PATH } from './board-access.js';
import { refuseWhatMisleads, showDeliveries, uiConfig } from './board-options.js';

const MAX_FORM_BYTES = 8 * 1024;

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; " +
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
};

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
    // Per route, because Bull Board's own handler would stand before one of the scope: it knows no Problem.
    scope.addHook('onRoute', (route) => {
      route.errorHandler = (error, request, reply) => problems.send(error, request, reply);
    });
    scope.addHook('onRequest', (request, reply) => access.check(request, reply.headers(HEADERS)));
    scope.addHook('onSend', async (_request, _reply, payload) => withoutForeignFonts(payload));
    scope.get(SIGN_IN_PATH, (_request, reply) => access.showSignIn(reply));
    scope.post(SIGN_IN_PATH, { bodyLimit: MAX_FORM_BYTES }, (request, reply) =>
      access.signIn(request, reply),
    );
    scope.get(SIGN_OUT_PATH, (_request, reply) => access.signOut(reply));
    await scope.register(board.registerPlugin(), { prefix: BOARD_PATH });
  });
}

function createBoard(queue: Queue): FastifyAdapter {
  const adapter = new FastifyAdapter().setBasePath(BOARD_PATH);
  createBullBoard({
    queues: [showDeliveries(queue)],
    serverAdapter: adapter,
    options: { uiConfig, handlerHooks: refuseWhatMisleads },
  });
  return adapter;
}

/** Bull Board's page asks Google for its fonts; nobody there has to know who looks at these queues. */
function withoutForeignFonts(payload: unknown): unknown {
  return typeof payload === 'string' && payload.startsWith('<!DOCTYPE html>')
    ? payload.replace(/<link [^>]*fonts\.googleapis\.com[^>]*>/g, '')
    : payload;
}
