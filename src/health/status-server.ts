import type { INestApplicationContext } from '@nestjs/common';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { uuidv7 } from '../common/uuid.js';
import { PROBLEM_TYPE, renderProblem } from '../common/errors/problem.filter.js';
import { Problem } from '../common/errors/problem.js';
import { AppConfig } from '../config/app-config.js';
import { Metrics } from '../metrics/metrics.js';
import { checkMetricsToken } from '../metrics/metrics-access.js';
import { HealthService } from './health.service.js';

interface Answer {
  status: number;
  type: string;
  body: string;
  headers?: Record<string, string>;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** Health and figures of a process that serves no API. */
export async function startStatusServer(context: INestApplicationContext, port: number): Promise<Server> {
  const { env, host } = context.get(AppConfig);
  const paths: Record<string, (request: IncomingMessage) => Promise<Answer>> = {
    '/health/live': async () => ({ status: 200, type: JSON_TYPE, body: '{"status":"ok"}' }),
    '/health/ready': async () => {
      const readiness = await context.get(HealthService).readiness();
      const status = readiness.status === 'ok' ? 200 : 503;
      return { status, type: JSON_TYPE, body: JSON.stringify(readiness) };
    },
    '/metrics': async ({ headers }) => {
      checkMetricsToken(env.METRICS_TOKEN, headers.authorization);
      const metrics = context.get(Metrics);
      return { status: 200, type: metrics.contentType, body: await metrics.render() };
    },
  };
  const server = createServer((request, response) => {
    const path = request.url!.replace(/\?.*$/, '');
    const answer = request.method === 'GET' && Object.hasOwn(paths, path) ? paths[path] : undefined;
    void (answer?.(request) ?? Promise.reject(unknownPath()))
      .catch(toProblemAnswer)
      .then((found) => send(response, found));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return server;
}

const unknownPath = (): Problem =>
  new Problem('not_found', 'This process answers GET /metrics, /health/live and /health/ready alone.');

function toProblemAnswer(error: unknown): Answer {
  const problem =
    error instanceof Problem ? error : new Problem('internal', 'It could not be read right now.');
  const body = JSON.stringify(renderProblem(problem, uuidv7()));
  return { status: problem.status, type: PROBLEM_TYPE, body, headers: problem.options.headers };
}

function send(response: ServerResponse, { status, type, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': type, ...headers }).end(body);
}
