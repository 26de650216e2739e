import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  NotFoundException,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { AllowedMethods } from '../http/allowed-methods.js';
import { Problem, type ProblemCode, problemCodes } from './problem.js';

/** Renders every error of the HTTP side as `application/problem+json`. An unknown error is a 500 that says nothing. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly translate: (error: unknown, isRead: boolean) => Problem | null,
    private readonly isRead: (request: FastifyRequest) => boolean,
    private readonly methods: AllowedMethods,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    this.send(error, http.getRequest<FastifyRequest>(), reply);
  }

  send(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const refusal = error instanceof NotFoundException ? this.methods.refusalOf(request) : null;
    sendProblem(refusal ?? this.toProblem(error, request.id, this.isRead(request)), request, reply);
  }

  /**
   * What an error is answered with; one that nobody foresaw goes into the log.
   * @param isRead whether the request had written nothing yet
   */
  toProblem(error: unknown, requestId: string, isRead: boolean): Problem {
    const problem =
      error instanceof Problem
        ? error
        : (fromHttpError(error) ?? this.translate(error, isRead) ?? new Problem('internal', INTERNAL_DETAIL));
    // A 503 is reported once by whoever found the database away, not once per request.
    if (problem.code === 'internal')
      this.logger.error({ err: problem.options.cause ?? error, request_id: requestId }, 'request.failed');
    return problem;
  }
}

/** Answers what Fastify refuses before any route, hook or filter has a part in it. */
export function sendFrameworkError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(fromHttpError(error) ?? new Problem('internal', INTERNAL_DETAIL), request, reply);
}

export function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
  if (reply.sent || reply.raw.headersSent) return;
  void reply
    .status(problem.status)
    .headers(problem.options.headers ?? {})
    .header('x-request-id', request.id)
    .header('content-type', PROBLEM_TYPE)
    .send(JSON.stringify(renderProblem(problem, request.id)));
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

const INTERNAL_DETAIL = 'Something went wrong on our side. The request id finds it in the log.';

export function renderProblem(problem: Problem, requestId: string): Record<string, unknown> {
  return {
    type: `urn:data-pusher:problem:${problem.code}`,
    title: problem.title,
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    request_id: requestId,
    errors: problem.options.errors ?? [],
  };
}

/** Nest's exceptions and Fastify's own errors, by their status; their texts are replaced where they are unclear. */
function fromHttpError(error: unknown): Problem | null {
  const status =
    error instanceof HttpException
      ? error.getStatus()
      : (error as { statusCode?: number } | null)?.statusCode;
  if (!status || status < 400 || status >= 500) return null;
  const message = (error as Error).message.replace(/\.$/, '');
  if (status === 400) return new Problem('invalid_data', `The request could not be read: ${message}.`);
  const known: [number, ProblemCode, string][] = [
    [401, 'unauthenticated', 'Sign in first: send "Authorization: Bearer <access_token>".'],
    [403, 'forbidden', 'You may not do this.'],
    [404, 'not_found', 'There is nothing at this address. /swagger lists every path.'],
    [413, 'payload_too_large', 'The body is larger than this server accepts.'],
    [415, 'unsupported_media_type', 'Send JSON with the header "Content-Type: application/json".'],
    [429, 'rate_limited', 'Too many requests. Wait a second and try again.'],
  ];
  const match = known.find(([code]) => code === status);
  return match ? new Problem(match[1], match[2]) : new Problem('invalid_data', `${message}.`);
}

export const problemStatuses = [...new Set(Object.values(problemCodes).map((kind) => kind.status))];
