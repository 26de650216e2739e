import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { AppModule, type AppRole } from './app.module.js';
import { setupBoard } from './board/board.setup.js';
import { answerClientError } from './common/errors/client-error.js';
import { ProblemFilter, sendFrameworkError, sendProblem } from './common/errors/problem.filter.js';
import { AllowedMethods } from './common/http/allowed-methods.js';
import { requestIdOf } from './common/http/request-id.js';
import { rewriteUrl } from './common/http/rewrite-url.js';
import { StrictRequestGuard } from './common/http/strict-request.guard.js';
import { KEEP_ALIVE_SECONDS, REQUEST_MS } from './common/http/timeouts.js';
import { leaveBodiesUnread } from './common/http/unread-bodies.js';
import { createValidationPipe } from './common/http/validation.js';
import { applyWireRules, originForm, wireProblem } from './common/http/wire-rules.js';
import { LOGGER } from './common/logger.js';
import { NestLogger } from './common/nest-logger.js';
import type { AppConfig } from './config/app-config.js';
import { setupConsole } from './console/console.setup.js';
import { setupDocs } from './docs/docs.setup.js';
import { FrontDoor } from './incoming-data/http1/front-door.js';
import { isIngest } from './incoming-data/ingest-body.js';
import { IngestMetrics } from './incoming-data/ingest-metrics.js';
import { MAX_DEPTH, parseJson } from './incoming-data/json-body.js';
import { checkMediaType } from './incoming-data/media-type.js';
import { setupMetrics } from './metrics/metrics.setup.js';
import { onlyReads, translateError } from './translate-error.js';

const API = '/api/';
const MANAGEMENT_BODY_BYTES = 1024 * 1024;
/** As long as the headers of a request may be: an id that is too long for anything is 404 like any other. */
const MAX_PARAM_LENGTH = 16 * 1024;

/**
 * How long a request may take to arrive, and how often Node looks. Both limits are set, since Node swaps them when
 * that of the headers (60 s by default) is the longer one, and the body would have twice the time.
 */
const SLOW_CLIENTS = {
  headersTimeout: REQUEST_MS,
  requestTimeout: REQUEST_MS,
  connectionsCheckingInterval: 5_000,
};

/** Builds the HTTP side of the product: what main.ts serves is what the end-to-end tests call. */
export async function createApp(config: AppConfig, role: AppRole): Promise<NestFastifyApplication> {
  const adapter = createAdapter(config);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config, role), adapter, {
    bufferLogs: true,
    abortOnError: false,
    bodyParser: false,
  });
  const logger = app.get<Logger>(LOGGER);
  app.useLogger(new NestLogger(logger));
  setPrefix(app);
  app.useGlobalPipes(createValidationPipe());
  const methods = new AllowedMethods();
  methods.watch(adapter.getInstance());
  const problems = new ProblemFilter(logger, translateError, onlyReads, methods);
  app.useGlobalFilters(problems);
  applyWireRules(app.getHttpServer());
  addRequestHooks(app, logger);
  readBodiesLast(app);
  // What is left is JSON; Nest would have added forms.
  adapter.getInstance().removeContentTypeParser('text/plain');
  app.get(IngestMetrics).watch(adapter.getInstance());
  await setupBoard(app, problems);
  await setupConsole(app);
  setupMetrics(app, problems);
  setupDocs(app, config.version);
  openFrontDoor(app, problems);
  return app;
}

function openFrontDoor(app: NestFastifyApplication, problems: ProblemFilter): void {
  const door = app.get(FrontDoor);
  door.open(app.getHttpServer(), problems);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preClose', () => door.close());
}

/** What is part of the API has the prefix; what people and machines look at around it has none. */
export function setPrefix(app: NestFastifyApplication): void {
  app.setGlobalPrefix('api', { exclude: ['health/live', 'health/ready', 'queues/*path', 'queues'] });
}

function createAdapter(config: AppConfig): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: MANAGEMENT_BODY_BYTES,
    trustProxy: config.env.TRUST_PROXY ?? false,
    requestIdHeader: false,
    genReqId: (request: { headers: Record<string, string | string[] | undefined> }) =>
      requestIdOf(request.headers['x-request-id']),
    rewriteUrl: (request: { url?: string }) => rewriteUrl(originForm(request.url ?? '/')),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: sendFrameworkError,
    clientErrorHandler: answerClientError,
    // A request that arrives on an open connection while closing is still answered.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // A header that comes twice is one with both values, which is refused where it matters.
    http: { joinDuplicateHeaders: true, requireHostHeader: false, ...SLOW_CLIENTS },
    keepAliveTimeout: KEEP_ALIVE_SECONDS * 1000,
    requestTimeout: SLOW_CLIENTS.requestTimeout,
  });
}

function addRequestHooks(app: NestFastifyApplication, logger: Logger): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const problem = wireProblem(request.raw);
    if (problem) return sendProblem(problem, request, reply);
    void reply.header('x-request-id', request.id);
    done();
  });
  if (!logger.isLevelEnabled('debug')) return;
  fastify.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    logger.debug(
      {
        request_id: request.id,
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request.answered',
    );
    done();
  });
}

/** Who may not call an operation learns that before anything is read of the body. */
function readBodiesLast(app: NestFastifyApplication): void {
  leaveBodiesUnread(app.getHttpAdapter().getInstance(), API);
  const rules = {
    maxBytes: MANAGEMENT_BODY_BYTES,
    mediaProblem: checkMediaType,
    parseJson: (body: Buffer) => parseJson(body, MAX_DEPTH),
  };
  const isExempt = (request: FastifyRequest): boolean =>
    isIngest(request) || !request.routeOptions.url?.startsWith(API);
  app.useGlobalGuards(new StrictRequestGuard(rules, isExempt));
}
