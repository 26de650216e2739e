import { readdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runMigrations as runQueueMigrations } from 'bullmq';
import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import type { DatabaseConnection } from '../config/app-config.js';
import { typeormOptions } from './database.options.js';

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
    const done = await migrateProduct(connection);
    await runQueueMigrations(lock);
    return done;
  } finally {
    await lock.end();
  }
}

async function migrateProduct(connection: DatabaseConnection): Promise<string[]> {
  const migrations = await loadMigrations();
  const dataSource = new DataSource({ ...typeormOptions(connection), poolSize: 2, extra: {}, migrations });
  await dataSource.initialize();
  try {
    await refuseNewerSchema(dataSource, migrations);
    const done = await dataSource.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  } finally {
    await dataSource.destroy();
  }
}

async function refuseNewerSchema(dataSource: DataSource, migrations: MigrationClass[]): Promise<void> {
  const [{ exists }] = await dataSource.query(`SELECT to_regclass('migrations') IS NOT NULL AS exists`);
  if (!exists) return;
  const rows: { name: string }[] = await dataSource.query('SELECT name FROM migrations');
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = rows.filter(({ name }) => !known.has(name));
  if (unknown.length > 0)
    throw new SchemaError(
      `The database was migrated by a newer version of Data Pusher (${unknown.map(({ name }) => name).join(', ')}). Start that version or restore a backup.`,
    );
}
