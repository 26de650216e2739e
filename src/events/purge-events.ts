import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { DAY_MS, firstIdOf, timeOf } from '../database/partitions.js';
import { DELIVERY_DATED_AFTER_MS } from './delivery-ids.js';

/** Rows removed, by table. */
export interface PurgedRows {
  events: number;
  keys: number;
  deliveries: number;
  attempts: number;
}

const BATCH = 200;
/** What somebody else waits behind a batch, or a batch behind somebody else, at most. */
const LIMITS = `SET LOCAL lock_timeout = 250; SET LOCAL statement_timeout = 5000`;
const BEYOND_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The first and the last of the next events and of the next log entries of an account. */
const NEXT = `
  SELECT (array_agg(id ORDER BY id))[1] AS first, (array_agg(id ORDER BY id DESC))[1] AS last,
    count(*) = ${BATCH} AS is_full`;
const NEXT_EVENTS = `${NEXT} FROM (SELECT id FROM events WHERE account_id = $1 ORDER BY id LIMIT ${BATCH}) next`;
const NEXT_FINISHED = `
  ${NEXT} FROM (SELECT id FROM finished_deliveries WHERE account_id = $1 ORDER BY id LIMIT ${BATCH}) next`;

interface NextRow {
  first: string | null;
  last: string | null;
  is_full: boolean;
}

/** Events with all their deliveries, so that accounts for all of them balance at every moment. */
const REMOVE = `
  WITH gone AS (DELETE FROM events WHERE account_id = $1 AND id >= $2 AND id < $3 RETURNING event_id),
  keys AS (DELETE FROM event_keys WHERE account_id = $1 AND event_id IN (SELECT event_id FROM gone) RETURNING 1),
  open AS (DELETE FROM deliveries WHERE account_id = $1 AND id < $4 RETURNING id, now() AS processed_at),
  finished AS (
    DELETE FROM finished_deliveries WHERE account_id = $1 AND id >= $2 AND id < $4 RETURNING id, processed_at
  ), delivery AS (SELECT * FROM open UNION ALL SELECT * FROM finished)
  SELECT (SELECT count(*)::integer FROM gone) AS events, (SELECT count(*)::integer FROM keys) AS keys,
    coalesce(array_agg(id), '{}') AS ids, max(extract(epoch FROM processed_at))::float8 * 1000 AS until
  FROM delivery`;

/** An attempt is made after the event came, and recorded, late ones included, within a day of the delivery's end. */
const REMOVE_ATTEMPTS =
  'DELETE FROM attempts WHERE delivery_id = ANY($1::uuid[]) AND id >= $2::uuid AND id < $3::uuid';

const REMOVE_KEYS = `
  DELETE FROM event_keys WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM event_keys WHERE account_id = $1 LIMIT ${BATCH * 5}))`;

/**
 * Removes everything an account accepted and what became of it, a batch at a time with as much rest as work. It can be
 * broken off anywhere and goes on where it was.
 * @throws what the database says when somebody keeps a table too long, or `signal` its reason.
 */
export async function purgeEvents(
  client: ClientBase,
  accountId: string,
  signal: AbortSignal,
  removed: (rows: PurgedRows) => void,
): Promise<void> {
  for (;;) {
    const { rows, isLast } = await inTurn(signal, () => removeBatch(client, accountId));
    removed(rows);
    // Once more after the last one: what another process was ending meanwhile is in the log only now.
    if (isLast && rows.events + rows.deliveries === 0) break;
  }
  // Keys outlive their events.
  for (;;) {
    const { rowCount } = await inTurn(signal, () => client.query(REMOVE_KEYS, [accountId]));
    if (!rowCount) return;
    removed({ events: 0, keys: rowCount, deliveries: 0, attempts: 0 });
  }
}

async function inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const startedAt = performance.now();
  const result = await work();
  await sleep(performance.now() - startedAt, undefined, { signal });
  return result;
}

async function removeBatch(
  client: ClientBase,
  accountId: string,
): Promise<{ rows: PurgedRows; isLast: boolean }> {
  const events = (await client.query<NextRow>(NEXT_EVENTS, [accountId])).rows[0]!;
  const finished = (await client.query<NextRow>(NEXT_FINISHED, [accountId])).rows[0]!;
  // Up to which millisecond of events: the deliveries of the last one are dated after it.
  const untilMs = Math.min(
    events.is_full ? timeOf(events.last!) : Infinity,
    finished.is_full ? timeOf(finished.last!) - DELIVERY_DATED_AFTER_MS : Infinity,
  );
  const firsts = [events.first, finished.first].filter((id) => id !== null).sort();
  const range = {
    from: firsts[0] ?? BEYOND_ALL,
    eventsBefore: untilMs === Infinity ? BEYOND_ALL : firstIdOf(untilMs + 1),
    deliveriesBefore: untilMs === Infinity ? BEYOND_ALL : firstIdOf(untilMs + 1 + DELIVERY_DATED_AFTER_MS),
  };
  return { rows: await removeRange(client, accountId, range), isLast: untilMs === Infinity };
}

async function removeRange(
  client: ClientBase,
  accountId: string,
  { from, eventsBefore, deliveriesBefore }: Record<'from' | 'eventsBefore' | 'deliveriesBefore', string>,
): Promise<PurgedRows> {
  await client.query(`BEGIN; ${LIMITS}`);
  const { rows } = await client.query<{ events: number; keys: number; ids: string[]; until: number | null }>(
    REMOVE,
    [accountId, from, eventsBefore, deliveriesBefore],
  );
  const { events, keys, ids, until } = rows[0]!;
  const attempts =
    ids.length === 0
      ? 0
      : (await client.query(REMOVE_ATTEMPTS, [ids, ids.toSorted()[0], firstIdOf(Math.ceil(until!) + DAY_MS)]))
          .rowCount;
  await client.query('COMMIT');
  return { events, keys, deliveries: ids.length, attempts: attempts ?? 0 };
}
