import pg from 'pg';
import { parseEncryptionKeys } from '../../common/crypto/sealed-box.js';
import type { AppConfig, DatabaseConnection } from '../../config/app-config.js';
import { readMigrationState } from '../../database/migrate.js';
import { countByKey, listSealedTables } from '../../database/sealed-columns.js';
import { type Finding, compareClock, fail, ok, warn } from './finding.js';

const OLDEST_VERSION = 140_000;
/** Of one process that serves and delivers; see database/pools.ts. */
const CONNECTIONS_PER_PROCESS = 32;
const CONNECT_MS = 5000;

/** Everything about a database that answers. */
export async function checkDatabase(config: AppConfig): Promise<Finding[]> {
  const pool = new pg.Pool({ ...config.database, max: 1, connectionTimeoutMillis: CONNECT_MS });
  pool.on('error', () => undefined);
  try {
    return [
      await checkVersion(pool),
      await checkDurability(pool),
      await checkConnections(pool),
      await checkDatabaseClock(pool),
      await checkMigrations(config.database),
      ...(await checkKeys(pool, config.secrets.encryptionKeys)),
    ];
  } finally {
    await pool.end();
  }
}

async function checkVersion(pool: pg.Pool): Promise<Finding> {
  const { rows } = await pool.query<{ number: number; version: string; encoding: string; bytes: string }>(
    `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
       current_setting('server_encoding') AS encoding, pg_size_pretty(pg_database_size(current_database())) AS bytes`,
  );
  const { number, version, encoding, bytes } = rows[0]!;
  const says = `PostgreSQL ${version}, ${encoding}, ${bytes}`;
  if (number < OLDEST_VERSION) return fail('database', says, 'Upgrade PostgreSQL to 14 or newer.');
  if (encoding !== 'UTF8')
    return fail('database', says, "Make one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0");
  return ok('database', says);
}

async function checkDurability(pool: pg.Pool): Promise<Finding> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') ORDER BY name`,
  );
  const says = rows.map(({ name, setting }) => `${name} ${setting}`).join(', ');
  if (rows.every(({ setting }) => setting !== 'off')) return ok('durability', says);
  return fail(
    'durability',
    says,
    'Switch them on: a crash of its machine loses events that were acknowledged.',
  );
}

async function checkConnections(pool: pg.Pool): Promise<Finding> {
  const { rows } = await pool.query<{ max: number; used: number }>(
    `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS max,
       (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used`,
  );
  const { max, used } = rows[0]!;
  const says = `${used} of ${max} in use, a process takes up to ${CONNECTIONS_PER_PROCESS}`;
  if (max - used >= CONNECTIONS_PER_PROCESS) return ok('connections', says);
  return warn('connections', says, 'Raise max_connections, or start fewer processes.');
}

async function checkDatabaseClock(pool: pg.Pool): Promise<Finding> {
  const startedAt = Date.now();
  const { rows } = await pool.query<{ ms: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
  );
  return compareClock('clock of the database', rows[0]!.ms, { startedAt, endedAt: Date.now() });
}

async function checkMigrations(connection: DatabaseConnection): Promise<Finding> {
  const { applied, pending, unknown } = await readMigrationState(connection);
  if (unknown.length > 0)
    return fail(
      'migrations',
      `a newer version ran ${unknown.join(', ')}`,
      'Start that version, or restore a backup.',
    );
  const says = `${applied.length} done, ${pending.length} pending`;
  if (pending.length === 0) return ok('migrations', says);
  return warn('migrations', says, 'Run: npm run cli -- migrate (the next start does the same).');
}

async function checkKeys(pool: pg.Pool, encryptionKeys: string): Promise<Finding[]> {
  const tables = await listSealedTables(pool);
  if (tables.length === 0) return [];
  const used = new Set<string>();
  for (const table of tables) for (const key of (await countByKey(pool, table)).keys()) used.add(key);
  const known = [...parseEncryptionKeys(encryptionKeys).keys()];
  const lost = [...used].filter((key) => !known.includes(key));
  if (lost.length > 0)
    return [
      fail(
        'encryption keys',
        `values are sealed with ${lost.join(', ')}, which is not configured`,
        'Put that key back on ENCRYPTION_KEYS; without it these secrets are lost.',
      ),
    ];
  if ([...used].some((key) => key !== known[0]))
    return [warn('encryption keys', 'some values are under an old key', 'Run: npm run cli -- rotate-keys')];
  return [ok('encryption keys', `everything is under "${known[0]}"`)];
}
