import { describeDuration } from '../common/duration.js';
import { EgressRefusedError } from './guarded-connector.js';
import { ProtocolError } from './http1/exchange.js';
import { type Failure, failure } from './outcome.js';

const SYSTEM_FAILURES: Record<string, (host: string) => Failure> = {
  ECONNREFUSED: (host) => failure('refused', `${host} refused the connection`),
  ECONNRESET: (host) => failure('reset', `${host} closed the connection before answering`),
  EPIPE: (host) => failure('reset', `${host} closed the connection before answering`),
  ETIMEDOUT: (host) => failure('timeout', `${host} did not accept a connection in time`),
  ENOTFOUND: (host) => failure('dns', `${host} has no address`),
  ERR_INVALID_URL: () => failure('invalid_request', 'the URL cannot be read'),
  HTTP_INVALID_REQUEST: () => failure('invalid_request', 'the URL or a header cannot be sent'),
};
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_|INVALID_CA|EPROTO)/;

/** Names what broke an attempt, from the error's code: messages may change or quote the request. */
export function describeFailure(error: Error & { code?: string; syscall?: string }, host: string): Failure {
  if (error instanceof EgressRefusedError) return failure('egress', error.message);
  const code = error.code ?? error.name;
  if (error instanceof ProtocolError)
    return failure('protocol', `the answer is not valid HTTP/1.1 (${error.message})`);
  if (Object.hasOwn(SYSTEM_FAILURES, code)) return SYSTEM_FAILURES[code]!(host);
  if (error.syscall === 'getaddrinfo') return failure('dns', `${host} cannot be looked up (${code})`);
  if (TLS_CODE.test(code)) return failure('tls', `no trusted connection to ${host} (${code})`);
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
