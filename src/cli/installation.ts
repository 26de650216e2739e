import { type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { CliModule } from '../cli.module.js';
import { AppConfig, type DatabaseConnection } from '../config/app-config.js';
import { type Env, readEnv } from '../config/env.js';
import { loadSecrets } from '../config/secrets.js';
import { readVersion } from '../config/version.js';
import { borrowEmbeddedPostgres } from '../database/embedded-postgres.js';
import { migrate, readMigrationState } from '../database/migrate.js';
import { CommandFailed, count, tell } from './output.js';

const INTERRUPTED = 130;

interface BorrowedDatabase {
  connection: DatabaseConnection;
  stop(): Promise<void>;
}

/**
 * Lends the settings and the database of this installation: the embedded one of a running Data Pusher, or started for
 * the time of `work`.
 */
export async function withInstallation<T>(work: (config: AppConfig) => Promise<T>): Promise<T> {
  const env = readEnv();
  const secrets = loadSecrets(env);
  const database = await borrowDatabase(env, secrets.databasePassword);
  const leave = () => void database.stop().finally(() => process.exit(INTERRUPTED));
  process.once('SIGINT', leave).once('SIGTERM', leave);
  try {
    // Log lines belong to processes that serve; here they would stand between the lines of the answer.
    return await work(
      new AppConfig({ ...env, LOG_LEVEL: 'silent' }, secrets, database.connection, readVersion()),
    );
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
    await database.stop();
  }
}

/** Lends plain connections, with no limit on how long a statement takes. */
export async function withPool<T>({ database }: AppConfig, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ ...database, application_name: 'data-pusher cli', max: 2 });
  pool.on('error', () => undefined);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/**
 * Lends the services of the product.
 * @param options.migrates for what may be the first thing done to a database; other commands leave its schema alone.
 */
export function withServices<T>(
  work: (services: INestApplicationContext) => Promise<T>,
  { migrates = false } = {},
): Promise<T> {
  return withInstallation(async (config) => {
    await (migrates ? migrate(config.database) : expectMigrated(config.database));
    const services = await NestFactory.createApplicationContext(CliModule.forRoot(config), {
      logger: false,
      abortOnError: false,
    });
    try {
      return await work(services);
    } finally {
      await services.close();
    }
  });
}

async function expectMigrated(database: DatabaseConnection): Promise<void> {
  const { pending } = await readMigrationState(database);
  if (pending.length > 0)
    throw new CommandFailed(
      `The database lacks ${count(pending.length, 'migration')} of this version. Run: npm run cli -- migrate`,
    );
}

function borrowDatabase(env: Env, password: string): Promise<BorrowedDatabase> {
  if (env.DATABASE_URL)
    return Promise.resolve({
      connection: { connectionString: env.DATABASE_URL },
      stop: async () => undefined,
    });
  return borrowEmbeddedPostgres({ dataDir: env.DATA_DIR, password, report: tell });
}
