import { newestOf } from '../search/walks.js';
import type { AttemptView, DeliveryOrigin, DeliveryStatus, LogEntryView, LogSource } from './logs.dto.js';

/** A delivery as the log shows it, wherever its row is now. */
export interface LogRow {
  id: string;
  account_id: string;
  event_id: string;
  event: string | null;
  event_type: string | null;
  destination_id: string | null;
  url: string | null;
  status: DeliveryStatus;
  /** Null for entries of callers' own. */
  origin: DeliveryOrigin | null;
  attempts: number;
  last_status_code: number | null;
  last_error: string | null;
  /** `Infinity` while held. */
  due_at: Date | number | null;
  is_leased: boolean;
  received_at: Date;
  processed_at: Date | null;
  source: LogSource;
  created_by: string | null;
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

export const OPEN = `
  SELECT id, account_id, event, event_id, event_type, destination_id, status, origin, attempts, last_status_code, last_error,
    due_at, coalesce(lease_until > now(), false) AS is_leased, received_at, NULL::timestamptz AS processed_at,
    'delivery' AS source, NULL::uuid AS created_by
  FROM deliveries`;

export const FINISHED = `
  SELECT id, account_id, event, event_id, event_type, destination_id, status, origin, attempts, last_status_code, last_error,
    NULL::timestamptz AS due_at, false AS is_leased, received_at, processed_at,
    'delivery' AS source, NULL::uuid AS created_by
  FROM finished_deliveries`;

/** What callers said stands where deliveries have their error, so that whoever searches one searches both. */
export const MANUAL = `
  SELECT * FROM (
    SELECT id, account_id, event, event_id, NULL::varchar AS event_type, destination_id, status, NULL AS origin, 0 AS attempts,
      NULL::integer AS last_status_code, message AS last_error, NULL::timestamptz AS due_at, false AS is_leased,
      created_at AS received_at, created_at AS processed_at, 'manual' AS source, created_by
    FROM manual_log_entries) manual`;

export const FINISHED_STATUSES: DeliveryStatus[] = ['success', 'failed', 'cancelled'];

/** Conditions on columns that open and finished deliveries have in common, with their values; the status apart. */
export interface LogFilter {
  where: string;
  /** The same for entries that callers recorded, which no range of ids ties to their event. */
  manual: string;
  values: unknown[];
  status?: DeliveryStatus;
  /** Whether each status has to be read by itself because the index of the filter begins with it. */
  isByStatus: boolean;
  /** Rows, as `mine`, for each of which the page is read by itself because the conditions name a row's columns. */
  each?: string;
}

/**
 * Deliveries from both places, open and finished, as one list of the log. Each part is filtered, ordered and
 * limited by itself, so that each walks its index and reads no more than the page.
 */
export function logStatement(filter: LogFilter, limit: number): string {
  const parts = partsOf(filter).map((select) => `${select} ORDER BY id DESC LIMIT ${limit}`);
  if (!filter.each) return pageStatement(parts, limit);
  return withUrls(
    `SELECT page.* FROM ${filter.each} CROSS JOIN LATERAL (${newestOf(parts)} LIMIT ${limit}) page ORDER BY id DESC LIMIT ${limit}`,
  );
}

/** The filter with one condition more, for deliveries and for entries of callers alike. */
export const alsoWhere = (filter: LogFilter, condition: string): LogFilter => ({
  ...filter,
  where: `${filter.where} AND ${condition}`,
  manual: `${filter.manual} AND ${condition}`,
});

/** One page of what some selects of `partsOf` give. */
export function pageStatement(parts: string[], limit: number): string {
  return withUrls(`${newestOf(parts)} LIMIT ${limit}`);
}

const withUrls = (page: string): string => `
  SELECT l.*, (SELECT url FROM destinations d WHERE d.id = l.destination_id) AS url
  FROM (${page}) l
  ORDER BY l.id DESC`;

/** Selects that walk an index in order of id, one for each place and, where its index asks for that, each status. */
export function partsOf({ where, manual, status, isByStatus }: LogFilter): string[] {
  // Written out, because a parameter would not say that an index of some statuses serves it.
  const withStatus = (select: string, one: DeliveryStatus): string =>
    `${select} WHERE ${select === MANUAL ? manual : where} AND status = '${one}'`;
  if (status && !FINISHED_STATUSES.includes(status)) return [withStatus(OPEN, status)];
  if (status) return [withStatus(FINISHED, status), withStatus(MANUAL, status)];
  const finished = isByStatus
    ? FINISHED_STATUSES.map((one) => withStatus(FINISHED, one))
    : [`${FINISHED} WHERE ${where}`];
  return [`${OPEN} WHERE ${where}`, ...finished, `${MANUAL} WHERE ${manual}`];
}

/**
 * The filter for a select of some destinations. Each has one account, which PostgreSQL does not know: it would expect
 * next to no rows of both, and sort them all instead of following the index. Of a CASE it expects half to be true.
 */
export const ofDestinations = (filter: LogFilter): LogFilter => ({
  ...filter,
  isByStatus: true,
  where: filter.where.replace('account_id = $1', 'CASE account_id WHEN $1 THEN true END'),
});

/** The same for what may have an error or a message. */
export function partsWithErrors(filter: LogFilter): string[] {
  const parts = partsOf(filter);
  if (filter.status === 'success') return parts.slice(-1);
  if (filter.status) return parts;
  const unsuccessful = FINISHED_STATUSES.filter((status) => status !== 'success');
  return [parts[0]!, ...unsuccessful.map((status) => partsOf({ ...filter, status })[0]!), parts.at(-1)!];
}

export function toLogEntryView(row: LogRow): LogEntryView {
  return {
    id: row.id,
    account_id: row.account_id,
    event_id: row.event_id,
    source: row.source,
    event: row.event,
    event_type: row.event_type,
    destination_id: row.destination_id,
    url: row.url,
    status: row.status,
    origin: row.origin,
    attempts: row.attempts,
    last_status_code: row.last_status_code,
    last_error: row.source === 'manual' ? null : row.last_error,
    message: row.source === 'manual' ? row.last_error : null,
    created_by: row.created_by,
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
