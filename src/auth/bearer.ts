import type { FastifyRequest } from 'fastify';

/** What RFC 6750 lets a token consist of. Schemes have no case (RFC 9110). */
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

/** The token of `Authorization: Bearer …`; null without one, and where there is more than one such header. */
export function bearerOf({ headers, raw }: FastifyRequest): string | null {
  // Node reads the first of several; a proxy before it may have checked the last.
  const names = raw.rawHeaders.filter((_, index) => index % 2 === 0);
  if (names.filter((name) => name.toLowerCase() === 'authorization').length !== 1) return null;
  return BEARER.exec(headers.authorization ?? '')?.[1] ?? null;
}
