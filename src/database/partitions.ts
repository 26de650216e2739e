import type { Pool } from 'pg';

const DAY_MS = 86_400_000;
const DAYS_AHEAD = 7;

/** The smallest UUIDv7 of a moment: its first 48 bits are the time in milliseconds. */
export function firstIdOf(timeMs: number): string {
  const hex = timeMs.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/**
 * Makes the day partitions of `tables` for today and the next days. A table's rows of a day that has no
 * partition go to its default partition, so being late costs nothing but order.
 */
export async function ensureDayPartitions(pool: Pool, tables: string[], nowMs = Date.now()): Promise<void> {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  for (const table of tables)
    for (let ahead = 0; ahead <= DAYS_AHEAD; ahead++)
      await ensurePartition(pool, table, today + ahead * DAY_MS);
}

async function ensurePartition(pool: Pool, table: string, dayMs: number): Promise<void> {
  const name = `${table}_${new Date(dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
  const { rows } = await pool.query('SELECT to_regclass($1) IS NOT NULL AS exists', [name]);
  if (rows[0].exists) return;
  const range = `FROM ('${firstIdOf(dayMs)}') TO ('${firstIdOf(dayMs + DAY_MS)}')`;
  await pool.query(`CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table} FOR VALUES ${range}`);
}
