import pg from 'pg';
import { inject } from 'vitest';
import type { DatabaseConnection } from '../../src/config/app-config.js';

export interface TestDatabase {
  connection: DatabaseConnection;
  drop(): Promise<void>;
}

let counter = 0;

/** A database of its own for a test file, cloned from the migrated template in some milliseconds. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${process.pid}_${process.env.VITEST_WORKER_ID ?? 0}_${Date.now().toString(36)}_${counter++}`;
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${inject('template')} STRATEGY file_copy`);
  return {
    connection: { ...inject('database'), database: name },
    drop: () => asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** For processes that are told their database as users tell it. */
export function urlOf({ connection }: TestDatabase): string {
  const { user, password, host, port, database } = connection;
  return `postgresql://${user}:${password}@${encodeURIComponent(host!)}:${port}/${database}`;
}

async function asAdmin(statement: string): Promise<void> {
  const client = new pg.Client({ ...inject('database'), database: 'postgres' });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
