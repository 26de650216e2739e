interface DatabaseError {
  code?: string;
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

/** True when the role of the connection may not do what it tried. */
export function isPrivilegeMissing(error: unknown): boolean {
  return driverError(error)?.code === INSUFFICIENT_PRIVILEGE;
}

/** True when a statement was ended because it took too long, by the database or by the driver. */
export function isTimeout(error: unknown): boolean {
  const message = error instanceof Error ? error.message : '';
  return driverError(error)?.code === QUERY_CANCELED || message.includes('Query read timeout');
}
