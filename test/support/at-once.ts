import pg from 'pg';
import type { TestAnswer, TestApp } from './app.js';
import { waitFor } from './wait-for.js';

/** Rows that a test holds so that requests meet at their lock. */
export interface HeldRows {
  table: 'users' | 'accounts';
  ids: string[];
}

/**
 * Starts `requests` so that all of them wait for the held rows at the same time, then lets them go on.
 * @param before what is committed with the release of the rows.
 */
export async function atOnce(
  app: TestApp,
  { table, ids }: HeldRows,
  requests: (() => Promise<TestAnswer>)[],
  before?: { statement: string; parameters: unknown[] },
): Promise<TestAnswer[]> {
  const holder = new pg.Client(app.config.database);
  await holder.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(`SELECT 1 FROM ${table} WHERE id = ANY($1) FOR UPDATE`, [ids]);
    const answers = requests.map((request) => request());
    await waitFor(
      async () => {
        const [{ waiting }] = await app.dataSource.query(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return waiting >= requests.length;
      },
      { what: 'every request waiting for the lock' },
    );
    if (before) await holder.query(before.statement, before.parameters);
    await holder.query('COMMIT');
    return await Promise.all(answers);
  } finally {
    await holder.end();
  }
}
