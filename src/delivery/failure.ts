import { describeDuration } from '../common/duration.js';
import { EgressRefusedError } from './guarded-connector.js';
import { type Failure, failure } from './outcome.js';

const SYSTEM_FAILURES: Record<string, (host: string) => Failure> = {
  ECONNREFUSED: (host) => failure('refused', `${host} refused the connection`),
  ECONNRESET: (host) => failure('reset', `${host} closed the connection before answering`),
  EPIPE: (host) => failure('reset', `${host} closed the connection before answering`),
  UND_ERR_SOCKET: (host) => failure('reset', `${host} closed the connection before answering`),
  ETIMEDOUT: (host) => failure('timeout', `${host} did not accept a connection in time`),
  UND_ERR_CONNECT_TIMEOUT: (host) => failure('timeout', `${host} did not accept a connection in time`),
  ENOTFOUND: (host) => failure('dns', `${host} has no address`),
  UND_ERR_HEADERS_OVERFLOW: () => failure('protocol', 'the headers of the answer are too large'),
  ERR_INVALID_URL: () => failure('invalid_request', 'the URL cannot be read'),
  UND_ERR_INVALID_ARG: () => failure('invalid_request', 'the URL or a header cannot be sent'),
  UND_ERR_DESTROYED: () => failure('aborted', 'the gateway is shutting down'),
  UND_ERR_CLOSED: () => failure('aborted', 'the gateway is shutting down'),
};
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_|INVALID_CA|EPROTO)/;
const PROTOCOL_CODE = /^(HPE_|HTTPParserError|UND_ERR_RES_|ERR_ASSERTION)/;

/** Names what broke an attempt, from the error's code: messages may change or quote the request. */
export function describeFailure(error: Error & { code?: string; syscall?: string }, host: string): Failure {
  if (error instanceof EgressRefusedError) return failure('egress', error.message);
  const code = error.code ?? error.name;
  // undici has no code of its own for an answer out of turn or an upgrade nobody asked for.
  if (error.message === 'bad response' || error.message === 'bad upgrade')
    return failure('protocol', 'the answer is not valid HTTP/1.1');
  if (Object.hasOwn(SYSTEM_FAILURES, code)) return SYSTEM_FAILURES[code]!(host);
  if (error.syscall === 'getaddrinfo') return failure('dns', `${host} cannot be looked up (${code})`);
  if (TLS_CODE.test(code)) return failure('tls', `no trusted connection to ${host} (${code})`);
  if (PROTOCOL_CODE.test(code)) return failure('protocol', `the answer is not valid HTTP/1.1 (${code})`);
  return failure('unreachable', `${host} cannot be reached (${code})`);
}

export function describeStatus(statusCode: number): Failure | null {
  if (statusCode >= 200 && statusCode < 300) return null;
  if (statusCode >= 300 && statusCode < 400)
    return failure('redirect', `answered ${statusCode}, and redirects are not followed`);
  return failure('status', `answered ${statusCode}`);
}

export function describeTimeout(timeoutMs: number, connected: boolean): Failure {
  const within = describeDuration(timeoutMs);
  return failure('timeout', connected ? `no answer within ${within}` : `no connection within ${within}`);
}
