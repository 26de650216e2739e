import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import fastifyCookie from '@fastify/cookie';
import { getQueueToken } from '@nestjs/bullmq';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Queue } from 'bullmq';
import type { ProblemFilter } from '../common/errors/problem.filter.js';
import { DELIVERIES_QUEUE } from '../delivery/contract.js';
import { BOARD_PATH, BoardAccess } from './board-access.js';

/** Serves Bull Board under /queues. It is a plugin of its own, so that none of its hooks touch the API. */
export async function setupBoard(app: NestFastifyApplication, problems: ProblemFilter): Promise<void> {
  const access = app.get(BoardAccess);
  const adapter = new FastifyAdapter().setBasePath(BOARD_PATH);
  createBullBoard({
    queues: [new BullMQAdapter(app.get<Queue>(getQueueToken(DELIVERIES_QUEUE)))],
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Data Pusher' } },
  });
  const fastify = app.getHttpAdapter().getInstance();
  await fastify.register(async (scope) => {
    await scope.register(fastifyCookie);
    scope.setErrorHandler((error, request, reply) => problems.send(error, request, reply));
    scope.addHook('onRequest', (request, reply) => access.check(request, reply));
    scope.get(`${BOARD_PATH}/login`, (_request, reply) => access.showSignIn(reply));
    scope.post(`${BOARD_PATH}/login`, (request, reply) => access.signIn(request, reply));
    await scope.register(adapter.registerPlugin(), { prefix: BOARD_PATH });
  });
}
