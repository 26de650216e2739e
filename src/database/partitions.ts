import type { Pool, PoolClient } from 'pg';
import { withClient } from './pools.js';

export const DAY_MS = 86_400_000;
const DAYS_AHEAD = 7;
/** "DPPT" in ASCII; processes that start together take turns. */
const LOCK_KEY = 0x44505054;

/** The smallest UUIDv7 of a moment: its first 48 bits are the time in milliseconds, from 1970 on. */
export function firstIdOf(timeMs: number): string {
  const hex = Math.max(timeMs, 0).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** The moment a UUIDv7 was made, in ms. */
export function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** SQL for firstIdOf of an expression in whole milliseconds. */
export const sqlFirstIdOf = (ms: string): string =>
  `(lpad(to_hex((${ms})::bigint), 12, '0') || repeat('0', 20))::uuid`;

const sqlDaysOf = (table: string): string => `
  SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = '${table}'::regclass AND NOT i.inhdetachpending AND c.relname ~ '_[0-9]{8}$'`;

const sqlMs = (day: string): string => `(extract(epoch FROM ${day}) * 1000)::bigint`;

/** SQL for the start, in ms, of what a table holds: its oldest day, or its oldest row that is in no day's partition. */
export const sqlHeldSinceMs = (table: string): string => `least(
  (SELECT ${sqlMs('min(day)')} FROM (${sqlDaysOf(table)}) days),
  (SELECT ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint
   FROM ${table}_default ORDER BY id LIMIT 1))`;

/** SQL for the end, in ms, of the last past day that one of two tables has and the other has not; null without one. */
export const sqlTornUntilMs = (one: string, other: string): string => `
  (SELECT ${sqlMs('max(day) + 1')} FROM (
    SELECT day FROM (${sqlDaysOf(one)} UNION ALL ${sqlDaysOf(other)}) days
    WHERE day < (now() AT TIME ZONE 'UTC')::date GROUP BY day HAVING count(*) = 1) torn)`;

/**
 * Makes the day partitions of `tables` for today and the next days. A table's rows of a day that has no
 * partition go to its default partition, so nothing is refused when this is late.
 */
export async function ensureDayPartitions(pool: Pool, tables: string[], nowMs = Date.now()): Promise<void> {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const failures: unknown[] = [];
  await withClient(pool, async (client) => {
    for (const table of tables)
      for (let ahead = 0; ahead <= DAYS_AHEAD; ahead++)
        await inTurn(client, () => ensurePartition(client, table, today + ahead * DAY_MS)).catch((error) =>
          failures.push(error),
        );
  });
  if (failures.length > 0) throw new AggregateError(failures, 'some partitions could not be made');
}

/** A transaction of its own for each partition: one that cannot be made must not keep the others from it. */
async function inTurn(client: PoolClient, change: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK_KEY]);
    // Waiting longer behind a reader would make every insert wait behind us; the next run is soon enough.
    await client.query("SET LOCAL lock_timeout = '300ms'");
    await change();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

async function ensurePartition(client: PoolClient, table: string, dayMs: number): Promise<void> {
  const name = `${table}_${new Date(dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
  const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS exists', [name]);
  if (rows[0].exists) return;
  const range = `FROM ('${firstIdOf(dayMs)}') TO ('${firstIdOf(dayMs + DAY_MS)}')`;
  await client.query(`CREATE TABLE ${name} PARTITION OF ${table} FOR VALUES ${range}`);
}
