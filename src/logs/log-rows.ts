import type { AttemptView, DeliveryStatus, LogEntryView } from './logs.dto.js';

/** A delivery as the log shows it, wherever its row is now. */
export interface LogRow {
  id: string;
  account_id: string;
  event_id: string;
  event: string;
  event_type: string | null;
  destination_id: string | null;
  url: string | null;
  status: DeliveryStatus;
  attempts: number;
  last_status_code: number | null;
  last_error: string | null;
  /** `Infinity` while held. */
  due_at: Date | number | null;
  is_leased: boolean;
  received_at: Date;
  processed_at: Date | null;
}

export interface AttemptRow {
  delivery_id: string;
  number: number;
  started_at: Date;
  duration_ms: number;
  status_code: number | null;
  error: string | null;
  response_excerpt: string | null;
  superseded: boolean;
}

const OPEN = `
  SELECT id, account_id, event, event_id, event_type, destination_id, status, attempts, last_status_code, last_error,
    due_at, coalesce(lease_until > now(), false) AS is_leased, received_at, NULL::timestamptz AS processed_at
  FROM deliveries`;

const FINISHED = `
  SELECT id, account_id, event, event_id, event_type, destination_id, status, attempts, last_status_code, last_error,
    NULL::timestamptz AS due_at, false AS is_leased, received_at, processed_at
  FROM finished_deliveries`;

const FINISHED_STATUSES: DeliveryStatus[] = ['success', 'failed', 'cancelled'];

/** Conditions on columns that open and finished deliveries have in common, with their values; the status apart. */
export interface LogFilter {
  where: string;
  values: unknown[];
  status?: DeliveryStatus;
  /** Whether each status has to be read by itself because the index of the filter begins with it. */
  isByStatus: boolean;
}

/**
 * Deliveries from both places, open and finished, as one list of the log. Each part is filtered, ordered and
 * limited by itself, so that each walks its index and reads no more than the page.
 */
export function logStatement(filter: LogFilter, limit: number): string {
  const parts = partsOf(filter).map((select) => `(${select} ORDER BY id DESC LIMIT ${limit})`);
  return `
    SELECT l.*, d.url
    FROM (SELECT * FROM (${parts.join(' UNION ALL ')}) parts ORDER BY id DESC LIMIT ${limit}) l
    LEFT JOIN destinations d ON d.id = l.destination_id
    ORDER BY l.id DESC`;
}

function partsOf({ where, status, isByStatus }: LogFilter): string[] {
  // Written out, because a parameter would not say that an index of some statuses serves it.
  const withStatus = (select: string, one: DeliveryStatus): string =>
    `${select} WHERE ${where} AND status = '${one}'`;
  if (status) return [withStatus(FINISHED_STATUSES.includes(status) ? FINISHED : OPEN, status)];
  const finished = isByStatus
    ? FINISHED_STATUSES.map((one) => withStatus(FINISHED, one))
    : [`${FINISHED} WHERE ${where}`];
  return [`${OPEN} WHERE ${where}`, ...finished];
}

export function toLogEntryView(row: LogRow): LogEntryView {
  return {
    id: row.id,
    account_id: row.account_id,
    event_id: row.event_id,
    event: row.event,
    event_type: row.event_type,
    destination_id: row.destination_id,
    url: row.url,
    status: row.status,
    attempts: row.attempts,
    last_status_code: row.last_status_code,
    last_error: row.last_error,
    next_attempt_at: row.due_at instanceof Date ? row.due_at.toISOString() : null,
    received_at: row.received_at.toISOString(),
    processed_at: row.processed_at?.toISOString() ?? null,
  };
}

export function toAttemptView(row: AttemptRow): AttemptView {
  return {
    number: row.number,
    started_at: row.started_at.toISOString(),
    duration_ms: row.duration_ms,
    status_code: row.status_code,
    error: row.error,
    response_excerpt: row.response_excerpt,
    superseded: row.superseded,
  };
}
