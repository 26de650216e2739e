import type { FastifyReply, FastifyRequest } from 'fastify';

export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; " +
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
};

/** Makes what is sent fit the board: its page keeps to this server, and its page tells of every problem. */
export async function fitAnswer(_: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (typeof payload !== 'string') return payload;
  const type = String(reply.getHeader('content-type'));
  if (type.startsWith('text/html')) return withoutForeignFonts(payload);
  if (type.startsWith('application/problem+json')) return withMessage(payload);
  return payload;
}

/** Bull Board's page asks Google for its fonts; nobody there has to know who looks at these queues. */
function withoutForeignFonts(html: string): string {
  return html.replace(/<link [^>]*fonts\.googleapis\.com[^>]*>/g, '');
}

/** Bull Board shows `error` and `message`; without them it keeps showing old numbers and says nothing. */
function withMessage(json: string): string {
  const problem = JSON.parse(json) as { title: string; detail: string };
  return JSON.stringify({ ...problem, error: problem.title, message: problem.detail });
}
