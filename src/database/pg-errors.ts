interface DatabaseError {
  code?: string;
  /** Of an error of the socket: what it did, such as "connect". */
  syscall?: string;
  constraint?: string;
}

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
const INSUFFICIENT_PRIVILEGE = '42501';
const QUERY_CANCELED = '57014';

/** The driver's error, also where TypeORM wrapped it. */
function driverError(error: unknown): DatabaseError | null {
  const inner = (error as { driverError?: DatabaseError } | null)?.driverError ?? (error as DatabaseError);
  return typeof inner?.code === 'string' ? inner : null;
}

/** True when `error` says that a row with this unique key is there already. Constraints decide races. */
export function violatesUnique(error: unknown, constraint: string): boolean {
  const inner = driverError(error);
  return inner?.code === UNIQUE_VIOLATION && inner.constraint === constraint;
}

/** True when a row that `error`'s statement refers to is not there any more. */
export function violatesForeignKey(error: unknown): boolean {
  return driverError(error)?.code === FOREIGN_KEY_VIOLATION;
}

/** True when the database could not be asked at all: it is away, starting, stopping, full or out of connections. */
export function isUnavailable(error: unknown): boolean {
  const code = driverError(error)?.code ?? '';
  if (/^(08|40|53|57|58|XX)/.test(code) || code === '25006' || code === '55P03') return true;
  if (/^(ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOST|ENOTFOUND|EAI_)/.test(code)) return true;
  const message = error instanceof Error ? error.message : '';
  return /timeout|Connection terminated|Query read timeout|not queryable|Cannot use a pool/i.test(message);
}

/**
 * Why the database did not do what it was asked: it was never asked (`away`), it broke it off after too long
 * (`tooLong`), because of somebody else's work on the same rows (`busy`) or for want of something (`refused`), which
 * undoes the whole transaction; or its answer was never heard (`unanswered`), so nobody knows whether it was done.
 */
export type Unavailability = 'away' | 'tooLong' | 'busy' | 'refused' | 'unanswered';

/** Null for an error that is none of these. */
export function unavailabilityOf(error: unknown): Unavailability | null {
  if (!isUnavailable(error)) return null;
  const { code = '', syscall = '' } = driverError(error) ?? {};
  const message = error instanceof Error ? error.message : '';
  if (code === QUERY_CANCELED) return 'tooLong';
  if (code === '55P03' || /^40(?!003)/.test(code)) return 'busy';
  if (/^(57P03|53300|0800[14])$/.test(code) || /^(connect|getaddrinfo)$/.test(syscall)) return 'away';
  if (/connection timeout|trying to connect|not queryable|Cannot use a pool/.test(message)) return 'away';
  return /^(53|58|XX|25006)/.test(code) ? 'refused' : 'unanswered';
}

/** True when the role of the connection may not do what it tried. */
export function isPrivilegeMissing(error: unknown): boolean {
  return driverError(error)?.code === INSUFFICIENT_PRIVILEGE;
}

/** True when a statement was ended because it took too long, by the database or by the driver. */
export function isTimeout(error: unknown): boolean {
  const message = error instanceof Error ? error.message : '';
  return driverError(error)?.code === QUERY_CANCELED || message.includes('Query read timeout');
}
