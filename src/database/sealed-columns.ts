import type { Pool, PoolClient } from 'pg';
import type { SealedBox } from '../common/crypto/sealed-box.js';
import { FIRST_ID } from '../common/uuid.js';
import { withClient } from './pools.js';

const BATCH_ROWS = 200;

/** A table that keeps values encrypted. By convention their columns end with `_sealed`, bound to the id of the row. */
export interface SealedTable {
  name: string;
  columns: string[];
}

/** A value that no configured key opens. */
export interface LockedValue {
  table: string;
  id: string;
  column: string;
  problem: string;
}

/** Found by their names, so that a column added later cannot be forgotten. */
export async function listSealedTables(pool: Pool): Promise<SealedTable[]> {
  const { rows } = await pool.query<SealedTable>(
    `SELECT table_name AS name, array_agg(column_name::text ORDER BY ordinal_position) AS columns
     FROM information_schema.columns
     WHERE table_schema = current_schema() AND column_name LIKE '%\\_sealed'
     GROUP BY table_name ORDER BY table_name`,
  );
  return rows;
}

/** How many values of a table each key has sealed, by the key's id. */
export async function countByKey(pool: Pool, { name, columns }: SealedTable): Promise<Map<string, number>> {
  const values = columns.map((column) => `SELECT ${column} AS sealed FROM ${name}`).join(' UNION ALL ');
  const { rows } = await pool.query<{ key: string; values: number }>(
    `SELECT split_part(sealed, '.', 1) AS key, count(*)::int AS values FROM (${values}) v
     WHERE sealed IS NOT NULL GROUP BY 1 ORDER BY 1`,
  );
  return new Map(rows.map(({ key, values: found }) => [key, found]));
}

/**
 * Seals with the current key what other keys have sealed, batch by batch, each in a transaction of its own: rows are
 * locked for milliseconds, and a run that was cut off goes on where it was.
 */
export async function resealTable(
  pool: Pool,
  table: SealedTable,
  box: SealedBox,
  progress: (rows: number) => void,
): Promise<LockedValue[]> {
  const locked: LockedValue[] = [];
  let after: string | undefined = FIRST_ID;
  for (let done = 0; after !== undefined; progress(done)) {
    const batch: Row[] = await withClient(pool, (client) => resealBatch(client, table, box, after!, locked));
    done += batch.length;
    after = batch.at(-1)?.id;
  }
  return locked;
}

type Row = { id: string } & Record<string, string | null>;

async function resealBatch(
  client: PoolClient,
  table: SealedTable,
  box: SealedBox,
  after: string,
  locked: LockedValue[],
): Promise<Row[]> {
  const isOld = table.columns.map((column) => `split_part(${column}, '.', 1) <> $2`).join(' OR ');
  await client.query('BEGIN');
  const { rows } = await client.query<Row>(
    `SELECT id, ${table.columns.join(', ')} FROM ${table.name}
     WHERE id > $1 AND (${isOld}) ORDER BY id LIMIT ${BATCH_ROWS} FOR NO KEY UPDATE`,
    [after, box.currentKeyId],
  );
  if (rows.length > 0) await client.query(...updateOf(table, rows, box, locked));
  await client.query('COMMIT');
  return rows;
}

function updateOf(
  { name, columns }: SealedTable,
  rows: Row[],
  box: SealedBox,
  locked: LockedValue[],
): [string, unknown[][]] {
  const reseal = (row: Row, column: string): string | null => {
    const sealed = row[column] ?? null;
    try {
      return sealed === null ? null : box.reseal(sealed, row.id);
    } catch (error) {
      locked.push({ table: name, id: row.id, column, problem: (error as Error).message });
      return sealed;
    }
  };
  const assignments = columns.map((column) => `${column} = v.${column}`).join(', ');
  const arrays = columns.map((_, index) => `$${index + 2}::text[]`).join(', ');
  return [
    `UPDATE ${name} t SET ${assignments}
     FROM unnest($1::uuid[], ${arrays}) AS v (id, ${columns.join(', ')}) WHERE t.id = v.id`,
    [rows.map(({ id }) => id), ...columns.map((column) => rows.map((row) => reseal(row, column)))],
  ];
}
