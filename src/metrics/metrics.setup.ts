import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ProblemFilter } from '../common/errors/problem.filter.js';
import { AppConfig } from '../config/app-config.js';
import { Metrics } from './metrics.js';
import { checkMetricsToken } from './metrics-access.js';

/** Serves /metrics. It is text for a machine, so it has no part in the API and its document. */
export function setupMetrics(app: NestFastifyApplication, problems: ProblemFilter): void {
  const metrics = app.get(Metrics);
  const token = app.get(AppConfig).env.METRICS_TOKEN;
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get(
    '/metrics',
    { errorHandler: (error, request, reply) => problems.send(error, request, reply) },
    async (request, reply) => {
      checkMetricsToken(token, request.headers.authorization);
      return reply.header('content-type', metrics.contentType).send(await metrics.render());
    },
  );
}
