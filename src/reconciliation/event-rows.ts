import type { DataSource } from 'typeorm';
import { deliveriesEndBefore } from '../events/delivery-ids.js';

/** An accepted event as its key remembers it. */
export interface KnownEventRow {
  account_id: string;
  event_id: string;
  id: string;
  body_sha256: Buffer;
  /** These are null once the event itself is not kept any more. */
  destination_ids: string[] | null;
  received_at: Date | null;
}

export interface DeliveryCountRow {
  event: string;
  /** True for the deliveries the event itself made. */
  is_first: boolean;
  status: string;
  n: number;
}

const KNOWN = `
  SELECT k.account_id, k.event_id, k.event AS id, k.body_sha256, e.destination_ids, e.received_at
  FROM event_keys k LEFT JOIN events e ON e.account_id = k.account_id AND e.id = k.event`;

const KNOWN_OF_ACCOUNT = `${KNOWN}
  WHERE k.account_id = $3 AND k.event_id = ANY($1::text[]) ORDER BY k.event LIMIT $2`;

/** By way of the accounts, because the key begins with the account. */
const KNOWN_OF_ALL = `${KNOWN}
  WHERE k.account_id IN (SELECT id FROM accounts) AND k.event_id = ANY($1::text[]) ORDER BY k.event LIMIT $2`;

const rowsOf = (table: string): string => `
  SELECT origin, status FROM ${table}
  WHERE account_id = wanted.account_id AND id > wanted.event AND id < wanted.until AND event = wanted.event`;

const DELIVERY_COUNTS = `
  SELECT wanted.event, origin = 'event' AS is_first, status, count(*)::integer AS n
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS wanted (account_id, event, until)
  CROSS JOIN LATERAL (${rowsOf('deliveries')} UNION ALL ${rowsOf('finished_deliveries')}) rows
  GROUP BY wanted.event, is_first, status`;

/** @param accountId null finds the ids in every account. */
export function findEvents(
  dataSource: DataSource,
  eventIds: string[],
  accountId: string | null,
  limit: number,
): Promise<KnownEventRow[]> {
  return accountId === null
    ? dataSource.query(KNOWN_OF_ALL, [eventIds, limit])
    : dataSource.query(KNOWN_OF_ACCOUNT, [eventIds, limit, accountId]);
}

/** The deliveries of all these events by one statement: a short range of ids for each. */
export function countDeliveries(
  dataSource: DataSource,
  events: { account_id: string; id: string }[],
): Promise<DeliveryCountRow[]> {
  return dataSource.query(DELIVERY_COUNTS, [
    events.map((event) => event.account_id),
    events.map((event) => event.id),
    events.map((event) => deliveriesEndBefore(event.id)),
  ]);
}
