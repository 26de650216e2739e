import type { Pool } from 'pg';
import { failpoint } from '../common/fault-injection.js';
import type { DirectLease } from '../delivery/contract.js';
import { type Parameter, queryBatch } from '../database/batch-query.js';
import { boolArray, byteaArray, textArray, uuidArray } from '../database/binary-arrays.js';

/** An event that passed every check, with the deliveries it will become. */
export interface EventToAccept {
  id: string;
  accountId: string;
  accountName: string;
  eventId: string;
  eventType: string | null;
  payload: Buffer;
  bodySha256: Buffer;
  deliveries: { id: string; destinationId: string; isHeld: boolean }[];
}

/** What is committed under an event's id: this event, or the one that came first. */
export interface AcceptedEvent {
  id: string;
  duplicate: boolean;
  bodySha256: Buffer;
  destinationIds: string[];
}

/** Keys first: only events whose key is new are written, together with their deliveries, in one statement. */
const ACCEPT = {
  name: 'accept_events',
  text: `
    WITH input AS (
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::text[])
        AS i (id, account_id, event_id, event_type, payload, body_sha256, destination_ids)
    ), keys AS (
      INSERT INTO event_keys (account_id, event_id, event, body_sha256)
      SELECT account_id, event_id, id, body_sha256 FROM input
      ON CONFLICT DO NOTHING
      RETURNING event
    ), stored AS (
      INSERT INTO events (id, account_id, event_id, event_type, payload, destination_ids)
      SELECT id, account_id, event_id, event_type, payload, destination_ids::uuid[]
      FROM input WHERE id IN (SELECT event FROM keys)
    ), due AS (
      INSERT INTO deliveries (id, event, account_id, destination_id, event_id, event_type, status, due_at,
        payload_bytes, lease_token, lease_until)
      SELECT d.id, d.event, i.account_id, d.destination_id, i.event_id, i.event_type,
        CASE WHEN d.is_held THEN 'held' ELSE 'pending' END,
        CASE WHEN d.is_held THEN 'infinity' ELSE now() END,
        octet_length(i.payload),
        CASE WHEN d.is_taken THEN $13::uuid END,
        CASE WHEN d.is_taken THEN now() + make_interval(secs => $14) END
      FROM unnest($8::uuid[], $9::uuid[], $10::uuid[], $11::boolean[], $12::boolean[])
        AS d (id, event, destination_id, is_held, is_taken)
      JOIN input i ON i.id = d.event
      WHERE d.event IN (SELECT event FROM keys)
    )
    SELECT id FROM input WHERE id NOT IN (SELECT event FROM keys)`,
};

const FIND_FIRST = {
  name: 'find_first_events',
  text: `
    SELECT k.account_id, k.event_id, k.event AS id, k.body_sha256, e.destination_ids
    FROM unnest($1::uuid[], $2::text[]) AS i (account_id, event_id)
    JOIN event_keys k USING (account_id, event_id)
    LEFT JOIN events e ON e.account_id = k.account_id AND e.id = k.event`,
};

/**
 * Stores a batch of events in one transaction and returns, in the order of `events`, what is committed for
 * each. Rejects when nothing, or nobody knows what, was committed.
 */
export async function acceptEvents(
  pool: Pool,
  events: EventToAccept[],
  lease?: DirectLease,
): Promise<AcceptedEvent[]> {
  await failpoint('accept.before_begin');
  const storing = queryBatch<[id: string]>(pool, ACCEPT, toColumns(events, lease));
  void failpoint('accept.sent');
  const rows = await storing;
  await failpoint('accept.after_commit');
  if (rows.length === 0) return events.map(asStored);
  const repeatedIds = new Set(rows.map(([id]) => id));
  const repeated = events.filter((event) => repeatedIds.has(event.id));
  const firsts = await findFirsts(pool, repeated);
  return events.map((event) => (repeatedIds.has(event.id) ? firstOf(event, firsts) : asStored(event)));
}

function toColumns(events: EventToAccept[], lease?: DirectLease): Parameter[] {
  // One order for all batches: two that share keys then wait for each other instead of deadlocking.
  const sorted = events.length === 1 ? events : events.toSorted(byKey);
  const deliveries = sorted.flatMap((event) => event.deliveries);
  return [
    uuidArray(sorted.map((event) => event.id)),
    uuidArray(sorted.map((event) => event.accountId)),
    textArray(sorted.map((event) => event.eventId)),
    textArray(sorted.map((event) => event.eventType)),
    byteaArray(sorted.map((event) => event.payload)),
    byteaArray(sorted.map((event) => event.bodySha256)),
    textArray(
      sorted.map((event) => `{${event.deliveries.map(({ destinationId }) => destinationId).join()}}`),
    ),
    uuidArray(deliveries.map((delivery) => delivery.id)),
    uuidArray(sorted.flatMap((event) => event.deliveries.map(() => event.id))),
    uuidArray(deliveries.map((delivery) => delivery.destinationId)),
    boolArray(deliveries.map((delivery) => delivery.isHeld)),
    boolArray(deliveries.map((delivery) => lease?.taken.has(delivery.id) ?? false)),
    lease?.token ?? null,
    `${lease?.seconds ?? 0}`,
  ];
}

async function findFirsts(pool: Pool, events: EventToAccept[]): Promise<Map<string, AcceptedEvent>> {
  const { rows } = await pool.query({
    ...FIND_FIRST,
    values: [
      uuidArray(events.map((event) => event.accountId)),
      textArray(events.map((event) => event.eventId)),
    ],
  });
  return new Map(
    rows.map((row) => [
      keyOf({ accountId: row.account_id, eventId: row.event_id }),
      { id: row.id, duplicate: true, bodySha256: row.body_sha256, destinationIds: row.destination_ids ?? [] },
    ]),
  );
}

/** Its key may have been removed by retention between the two statements; the next try then stores it. */
function firstOf(event: EventToAccept, firsts: Map<string, AcceptedEvent>): AcceptedEvent {
  const first = firsts.get(keyOf(event));
  if (!first) throw new Error('the event that came first was removed meanwhile');
  return first;
}

function byKey(a: EventToAccept, b: EventToAccept): number {
  if (a.accountId !== b.accountId) return a.accountId < b.accountId ? -1 : 1;
  if (a.eventId === b.eventId) return 0;
  return a.eventId < b.eventId ? -1 : 1;
}

const keyOf = ({ accountId, eventId }: { accountId: string; eventId: string }): string => accountId + eventId;

function asStored(event: EventToAccept): AcceptedEvent {
  return {
    id: event.id,
    duplicate: false,
    bodySha256: event.bodySha256,
    destinationIds: event.deliveries.map((delivery) => delivery.destinationId),
  };
}
