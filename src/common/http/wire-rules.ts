import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { answerClientError } from '../errors/client-error.js';
import { Problem } from '../errors/problem.js';

/** RFC 9110, 7.2: a name or an address and a port. Two Host headers arrive joined with ", ", which it does not take. */
const HOST = /^[\w.~%!$&'()*+;=:[\]-]*$/;

export const isHost = (value: string): boolean => HOST.test(value);

/** Node's parser lets pass what RFC 9112 wants refused, because two servers in a row may read it differently. */
export function wireProblem(request: IncomingMessage): Problem | null {
  const { host, 'transfer-encoding': encoding } = request.headers;
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0')
    return refusal('Only HTTP/1.1 and HTTP/1.0 are spoken here');
  if (host === undefined ? request.httpVersion === '1.1' : !isHost(host))
    return refusal('Send one Host header that is a name or an address, with a port or without');
  // RFC 9112, 6.1: HTTP/1.0 knows no chunks, so whoever stood between may have read the length otherwise.
  if (encoding !== undefined && (encoding.toLowerCase() !== 'chunked' || request.httpVersion === '1.0'))
    return refusal('The only Transfer-Encoding taken is chunked, once, with HTTP/1.1');
  return null;
}

/** Where Node would answer by itself, or drop something, the answer is ours. */
export function applyWireRules(server: Server): void {
  // The size of all headers is limited; a limit of their number would drop the last ones silently.
  server.maxHeadersCount = 0;
  server.on('checkExpectation', (...request) => server.emit('request', ...request));
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // Node has taken its own listener off, and without one an error ends the process.
    socket.on('error', () => undefined);
    answerClientError(new Error('CONNECT is not served'), socket);
  });
}

/** RFC 9112, 3.2.2: `http://host/path` means `/path`, whatever the host is. */
export function originForm(url: string): string {
  return url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]+/i, '') || '/';
}

const refusal = (detail: string): Problem =>
  new Problem('invalid_data', `${detail}.`, { headers: { connection: 'close' } });
