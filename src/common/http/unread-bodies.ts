import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../errors/problem.js';

const UNREAD = 'application/x-unread';

interface WithContentType {
  /** The content type that was sent; Fastify is shown another one, which it does not judge. */
  sentContentType?: string;
}

/**
 * Keeps Fastify from reading or judging bodies under `prefix` and of paths that do not exist: who may not call an
 * operation learns that whatever the body is, and nothing is read of it. `readBody` reads it later.
 */
export function leaveBodiesUnread(fastify: FastifyInstance, prefix: string): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { url } = request.routeOptions;
    if (url === undefined || url.startsWith(prefix)) {
      (request as WithContentType).sentContentType = request.headers['content-type'];
      request.headers['content-type'] = UNREAD;
    }
    done();
  });
  fastify.addContentTypeParser(UNREAD, (_request, _payload, done) => done(null));
}

export function contentTypeOf(request: FastifyRequest): string | undefined {
  return (request as WithContentType).sentContentType;
}

/** Whether anything but an empty body was announced. */
export function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Reads the body as the bytes that were sent, at most `limit` of them. */
export function readBody(request: FastifyRequest, limit: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limit) return Promise.reject(tooLarge(limit, declared));
  const stream = request.raw;
  // Whoever sent it may have gone while the caller was looked up; no event tells of that any more.
  if (stream.destroyed) return Promise.reject(endedEarly());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        stream.pause();
        reject(tooLarge(limit, size));
      } else chunks.push(chunk);
    });
    stream.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    stream.on('error', reject);
    stream.on('close', () => {
      if (!stream.readableEnded) reject(endedEarly());
    });
  });
}

const endedEarly = (): Problem => new Problem('invalid_data', 'The request ended before its body did.');

function tooLarge(limit: number, size: number): Problem {
  return new Problem(
    'payload_too_large',
    `The body may have ${limit} bytes; this one has ${size} or more. Nothing was stored.`,
    { headers: { connection: 'close' } },
  );
}
