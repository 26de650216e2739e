import pg from 'pg';
import type { Logger } from 'pino';
import { createLogger } from './common/logger.js';
import { AppConfig, type DatabaseConnection } from './config/app-config.js';
import { type Env, readEnv } from './config/env.js';
import { loadSecrets } from './config/secrets.js';
import { readVersion } from './config/version.js';
import { SchemaError, migrate } from './database/migrate.js';
import { SupervisedPostgres } from './database/supervised-postgres.js';
import { endAllLeases } from './delivery/claims.js';
import { explainFailure } from './explain-failure.js';

const SHUTDOWN_LIMIT_MS = 20_000;
const wasForked = process.send !== undefined;

/** What a process serves: Nest's application or a worker without HTTP. */
export interface Service {
  close(): Promise<void>;
}

/** Starts a process: settings, database, migrations, then what `serve` makes; ends all of it in reverse on a signal. */
export async function boot(serve: (config: AppConfig, logger: Logger) => Promise<Service>): Promise<void> {
  let database: Database | undefined;
  // Whoever reads may be gone and a disk may be full: no line is worth the process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    const env = readEnv();
    const logger = createLogger(env.LOG_LEVEL);
    const secrets = loadSecrets(env);
    database = await openDatabase(env, secrets.databasePassword, logger);
    const config = new AppConfig(env, secrets, database.connection, readVersion());
    await prepareSchema(config, logger);
    const serving = serve(config, logger);
    // Before it says that it is ready: who reads that may stop it in the same moment.
    stopOnSignals(serving, database, logger);
    await serving;
  } catch (error) {
    await database?.stop();
    explainFailure(error);
    process.exit(1);
  }
}

interface Database {
  connection: DatabaseConnection;
  stop(): Promise<void>;
}

async function openDatabase(env: Env, password: string, logger: Logger): Promise<Database> {
  if (!env.DATABASE_URL) return SupervisedPostgres.start(env.DATA_DIR, password, logger);
  return { connection: { connectionString: env.DATABASE_URL }, stop: async () => undefined };
}

async function prepareSchema(config: AppConfig, logger: Logger): Promise<void> {
  const done = await migrate(config.database);
  if (done.length > 0) logger.info({ migrations: done }, 'database.migrated');
  const pool = new pg.Pool({ ...config.database, max: 1 });
  try {
    await assertUtf8(pool);
    await assertDurable(pool, logger);
    // The embedded database belongs to this start alone: whoever held a lease is dead.
    if (config.embedded) await endAllLeases(pool);
  } finally {
    await pool.end();
  }
}

/** In a database of another encoding payloads and names would not come out as they went in. */
async function assertUtf8(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ server_encoding: string }>('SHOW server_encoding');
  if (rows[0]!.server_encoding !== 'UTF8')
    throw new SchemaError(
      `The database has the encoding ${rows[0]!.server_encoding}. Make one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
    );
}

/** A 2xx means committed to disk; a server that is told otherwise cannot keep that promise. */
async function assertDurable(pool: pg.Pool, logger: Logger): Promise<void> {
  const { rows } = await pool.query(
    `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')`,
  );
  const off = rows.filter(({ setting }) => setting === 'off').map(({ name }) => name);
  if (off.length > 0)
    logger.warn({ settings: off }, 'database.not_durable: a crash of its machine can lose events');
}

function stopOnSignals(serving: Promise<Service>, database: Database, logger: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals | 'disconnect') => {
    stopping = true;
    logger.info({ signal }, 'process.stopping');
    // Whatever hangs, the database is stopped cleanly and no process is left behind.
    const giveUp = () => void database.stop().finally(() => process.exit(1));
    setTimeout(giveUp, SHUTDOWN_LIMIT_MS).unref();
    const failed = (error: unknown): number => {
      logger.error({ err: error }, 'process.stop_failed');
      return 1;
    };
    void serving
      .then((service) => service.close())
      .then(() => 0, failed)
      .then((code) => database.stop().then(() => code, failed))
      .then((code) => {
        if (code === 0) logger.info('process.stopped');
        process.exit(code);
      });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => (stopping ? process.exit(1) : stop(signal)));
  // Whoever started this process wants it to end, or has died.
  const leave = () => {
    if (!stopping) stop('disconnect');
  };
  if (wasForked && !process.connected) leave();
  process.once('disconnect', leave);
}
