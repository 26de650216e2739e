import { readdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runMigrations as runQueueMigrations } from 'bullmq';
import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import type { DatabaseConnection } from '../config/app-config.js';
import { typeormOptions } from './database.options.js';
import { isPrivilegeMissing } from './pg-errors.js';

const FOLDER = new URL('../../migrations/', import.meta.url);
/** "DPMG" in ASCII; one lock for the schema of the product, held on a connection of its own. */
const LOCK_KEY = 0x44504d47;

export class SchemaError extends Error {}

type MigrationClass = new () => MigrationInterface;

/** The product's migrations, oldest first. */
export async function loadMigrations(): Promise<MigrationClass[]> {
  const files = readdirSync(fileURLToPath(FOLDER)).filter(
    (file) => /^\d+-.*\.(js|ts)$/.test(file) && !file.endsWith('.d.ts'),
  );
  const modules = await Promise.all(
    files
      .sort()
      .map((file) => import(pathToFileURL(fileURLToPath(new URL(file, FOLDER))).href) as Promise<object>),
  );
  return modules.flatMap((module) => Object.values(module) as MigrationClass[]);
}

/**
 * Brings the schema of the product and of its queue up to date. Processes that start together take turns.
 * @returns names of the migrations that were run.
 * @throws SchemaError when the database was migrated by a newer version.
 */
export async function migrate(connection: DatabaseConnection): Promise<string[]> {
  const lock = new pg.Client({ ...connection, application_name: 'data-pusher migrate' });
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
    const done = await migrateProduct(connection, await readApplied(lock));
    await runQueueMigrations(lock);
    return done;
  } finally {
    await lock.end();
  }
}

export interface MigrationState {
  /** Names, oldest first. */
  applied: string[];
  pending: string[];
  /** What a newer version has run. */
  unknown: string[];
}

/** Compares the database with this version and changes nothing. */
export async function readMigrationState(connection: DatabaseConnection): Promise<MigrationState> {
  const client = new pg.Client({ ...connection, application_name: 'data-pusher migrate' });
  await client.connect();
  try {
    const applied = new Set(await readApplied(client));
    const known = (await loadMigrations()).map(({ name }) => name);
    return {
      applied: known.filter((name) => applied.has(name)),
      pending: known.filter((name) => !applied.has(name)),
      unknown: [...applied].filter((name) => !known.includes(name)),
    };
  } finally {
    await client.end();
  }
}

/** A role that may not do what a migration does is mended by an operator, who needs the sentence and no stack. */
function explainRefusal(error: unknown): never {
  if (isPrivilegeMissing(error)) throw new SchemaError((error as Error).message);
  throw error;
}

/** Names of the migrations the database has had. */
async function readApplied(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query("SELECT to_regclass('migrations') IS NOT NULL AS exists");
  if (!rows[0].exists) return [];
  const applied = await client.query<{ name: string }>('SELECT name FROM migrations');
  return applied.rows.map(({ name }) => name);
}

async function migrateProduct(connection: DatabaseConnection, applied: string[]): Promise<string[]> {
  const migrations = await loadMigrations();
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = applied.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new SchemaError(
      `The database was migrated by a newer version of Data Pusher (${unknown.join(', ')}). Start that version or restore a backup.`,
    );
  // The usual start: nothing to do, and no need of a second set of connections to find that out.
  if (applied.length === migrations.length) return [];
  const options = { ...typeormOptions(connection), poolSize: 2, extra: {}, migrations };
  const dataSource = await new DataSource(options).initialize();
  try {
    const done = await dataSource.runMigrations({ transaction: 'each' }).catch(explainRefusal);
    return done.map(({ name }) => name);
  } finally {
    await dataSource.destroy();
  }
}
