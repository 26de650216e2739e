import type { FastifyRequest } from 'fastify';
import { Problem } from '../common/errors/problem.js';
import { contentTypeOf, readBody } from '../common/http/unread-bodies.js';
import { checkMediaType } from './media-type.js';

/** Route option of operations that read their body themselves, after token and limit were checked. */
export const STREAM_BODY = { streamBody: true };

export function isIngest(request: FastifyRequest): boolean {
  return (request.routeOptions.config as { streamBody?: boolean }).streamBody === true;
}

/** Judges what the headers say of a body. @throws Problem */
export function expectJson(contentType: string | undefined, contentEncoding: string | undefined): void {
  const mediaProblem = checkMediaType(contentType, contentEncoding);
  if (mediaProblem) throw new Problem('unsupported_media_type', mediaProblem);
}

/** Judges what the headers say of the body, then reads it: the bytes that were sent, at most `limit` of them. */
export function takeBody(request: FastifyRequest, limit: number): Promise<Buffer> {
  expectJson(contentTypeOf(request), request.headers['content-encoding']);
  return readBody(request, limit);
}
