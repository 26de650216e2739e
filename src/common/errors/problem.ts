import { STATUS_CODES } from 'node:http';

/** The closed list of error codes. Each has one HTTP status; the title is the status' own name unless given. */
export const problemCodes = {
  invalid_data: { status: 400, title: 'Invalid Data' },
  unauthenticated: { status: 401, title: 'Unauthenticated' },
  invalid_credentials: { status: 401, title: 'Invalid Credentials' },
  forbidden: { status: 403 },
  not_found: { status: 404 },
  method_not_allowed: { status: 405 },
  request_timeout: { status: 408 },
  conflict: { status: 409 },
  email_taken: { status: 409 },
  last_admin: { status: 409 },
  event_id_reused: { status: 409 },
  too_many_destinations: { status: 409 },
  event_removed: { status: 410 },
  precondition_failed: { status: 412 },
  payload_too_large: { status: 413, title: 'Payload Too Large' },
  unsupported_media_type: { status: 415 },
  rate_limited: { status: 429 },
  headers_too_large: { status: 431 },
  internal: { status: 500 },
  unavailable: { status: 503 },
} satisfies Record<string, { status: number; title?: string }>;

export type ProblemCode = keyof typeof problemCodes;

export interface FieldError {
  field: string;
  message: string;
}

export interface ProblemOptions {
  errors?: FieldError[];
  headers?: Record<string, string>;
  cause?: unknown;
}

/** An answer of RFC 9457 thrown as an error. `detail` says what to do and never holds a secret. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly options: ProblemOptions = {},
  ) {
    super(detail, { cause: options.cause });
    const kind: { status: number; title?: string } = problemCodes[code];
    this.status = kind.status;
    this.title = kind.title ?? STATUS_CODES[kind.status]!;
  }
}

export const invalid = (field: string, message: string): Problem =>
  new Problem('invalid_data', `${field} ${message}.`, { errors: [{ field, message }] });

export const notFound = (what: string): Problem =>
  new Problem('not_found', `There is no such ${what}, or you may not see it.`);

export const forbidden = (detail: string): Problem => new Problem('forbidden', detail);

export const unavailable = (detail: string, retryAfterSeconds: number, cause?: unknown): Problem =>
  new Problem('unavailable', detail, { headers: { 'retry-after': String(retryAfterSeconds) }, cause });
