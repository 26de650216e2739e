/** Why an attempt did not succeed. Closed: stored, filtered by and documented. */
export const attemptErrorCodes = [
  'timeout',
  'dns',
  'refused',
  'unreachable',
  'reset',
  'tls',
  'protocol',
  'egress',
  'redirect',
  'status',
  'too_large',
  'invalid_request',
  'aborted',
] as const;
export type AttemptErrorCode = (typeof attemptErrorCodes)[number];

export interface Failure {
  errorCode: AttemptErrorCode;
  /** One sentence that starts with the error code. */
  error: string;
}

export function failure(errorCode: AttemptErrorCode, sentence: string): Failure {
  return { errorCode, error: `${errorCode}: ${sentence}` };
}

/** Why the response body was not read to its end. */
export type ResponseCut = 'limit' | 'deadline' | 'broken' | 'aborted';

/** What one attempt came to. An answer of the destination, whatever it says, is data and not an exception. */
export interface Outcome {
  /** Null when no valid status line and headers arrived. */
  statusCode: number | null;
  durationMs: number;
  /** One sentence that starts with the error code, free of secrets; null on 2xx. */
  error: string | null;
  errorCode: AttemptErrorCode | null;
  /** Start of the response body as text PostgreSQL can store; null when nothing was read. */
  responseExcerpt: string | null;
  responseCut: ResponseCut | null;
  /** From 429 and 503 only, at most 24 h. */
  retryAfterMs: number | null;
  /** Where the newest connection to the origin ended. */
  remoteAddress?: string;
}

/** The outcome of an attempt that was never put on the wire. */
export function unsentOutcome({ errorCode, error }: Failure): Outcome {
  return {
    statusCode: null,
    durationMs: 0,
    error,
    errorCode,
    responseExcerpt: null,
    responseCut: null,
    retryAfterMs: null,
  };
}
