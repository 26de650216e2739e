import type { ClientBase } from 'pg';
import { failpoint } from '../common/fault-injection.js';

/** How long inserts may have to wait behind a drop that itself waits for a reader. */
const MAX_STALL_MS = 250;
/** query_canceled by statement_timeout, lock_not_available. */
const BUSY = /^(57014|55P03)$/;

/** A partition that holds one day of a table. */
export interface DayPartition {
  name: string;
  /** Start of its day, UTC. */
  dayMs: number;
}

/** Day partitions of `table`, oldest first. */
export async function listDayPartitions(client: ClientBase, table: string): Promise<DayPartition[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = $1::regclass ORDER BY c.relname`,
    [table],
  );
  return rows.flatMap(({ name }) => {
    const dayMs = dayOf(name);
    return dayMs === null ? [] : [{ name, dayMs }];
  });
}

/** The day a partition holds, by its name; null for the default partition. */
export function dayOf(partition: string): number | null {
  const [, year, month, day] = /_(\d{4})(\d\d)(\d\d)$/.exec(partition) ?? [];
  return year === undefined ? null : Date.UTC(Number(year), Number(month) - 1, Number(day));
}

/**
 * Drops a partition, all of it or nothing. Needs its table for itself for some milliseconds; while it waits for
 * that behind a reader, every insert waits behind it, so it gives up soon.
 * @returns false when somebody kept the table too long; worth another try later.
 */
export async function dropPartition(client: ClientBase, name: string): Promise<boolean> {
  await failpoint('partition.before_drop');
  try {
    // One message, so that locks are never held while this process is slow or frozen. The limit is that of the
    // statement: of a lock it would be granted three times, for the table, the partition and the default one.
    await client.query(
      `BEGIN; SET LOCAL statement_timeout = ${MAX_STALL_MS}; DROP TABLE IF EXISTS ${name}; COMMIT`,
    );
    return true;
  } catch (error) {
    await client.query('ROLLBACK');
    if (BUSY.test((error as { code?: string }).code ?? '')) return false;
    throw error;
  }
}
