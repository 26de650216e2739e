import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../common/errors/problem.js';
import { checkMediaType } from './media-type.js';

/** Route option of operations that read their body themselves, after token and limit were checked. */
export const STREAM_BODY = { streamBody: true };

const UNREAD = 'application/x-unread';

interface WithIngest {
  /** The content type the producer sent; Fastify is shown another one, which it does not judge. */
  ingestContentType?: string;
}

/**
 * Keeps Fastify from reading or judging the bodies of these routes: who has no valid token gets 401 whatever
 * the body is, and nothing is read of it.
 */
export function acceptIngestBodies(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (isIngest(request)) {
      (request as WithIngest).ingestContentType = request.headers['content-type'];
      request.headers['content-type'] = UNREAD;
    }
    done();
  });
  fastify.addContentTypeParser(UNREAD, (_request, _payload, done) => done(null));
}

export function isIngest(request: FastifyRequest): boolean {
  return (request.routeOptions.config as { streamBody?: boolean }).streamBody === true;
}

/** Judges what the headers say of the body, then reads it: the bytes that were sent, at most `limit` of them. */
export function takeBody(request: FastifyRequest, limit: number): Promise<Buffer> {
  const { ingestContentType } = request as WithIngest;
  const mediaProblem = checkMediaType(ingestContentType, request.headers['content-encoding']);
  if (mediaProblem) throw new Problem('unsupported_media_type', mediaProblem);
  return readBody(request, limit);
}

function readBody(request: FastifyRequest, limit: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limit) return Promise.reject(tooLarge(limit, declared));
  const stream = request.raw;
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
      if (!stream.readableEnded)
        reject(new Problem('invalid_data', 'The request ended before its body did.'));
    });
  });
}

function tooLarge(limit: number, size: number): Problem {
  return new Problem(
    'payload_too_large',
    `The body may have ${limit} bytes; this one has ${size} or more. Nothing was stored.`,
    { headers: { connection: 'close' } },
  );
}
