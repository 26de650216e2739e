import pg from 'pg';
import type { DatabaseConnection } from '../config/app-config.js';
import { TimelyClient } from './timely-client.js';

/** Connections of the accept path alone, so that no list or delivery can keep a producer waiting. */
export class AcceptPool extends pg.Pool {}

/** Connections that claim, and those of the keepers. Commits asynchronously: a crash there only delivers again. */
export class DeliveryPool extends pg.Pool {}

/**
 * Connections for deliveries that are claimed already, whose lease will end: to record results, read destinations and
 * give leases back. Whatever claims and keepers wait for, they do not. Commits as `DeliveryPool` does.
 */
export class ResultPool extends pg.Pool {}

/** Lends a connection for several statements. One that failed is closed, with every lock and setting it had. */
export async function withClient<T>(pool: pg.Pool, use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // The statement that is under way tells of a lost connection; without a listener it would end the process.
  const ignore = () => undefined;
  client.on('error', ignore);
  try {
    const result = await use(client);
    client.off('error', ignore);
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/**
 * Lends a connection with the advisory lock `key`, which one process has at a time.
 * @returns null when another process has it.
 */
export function withLock<T>(
  pool: pg.Pool,
  key: number,
  use: (client: pg.PoolClient) => Promise<T>,
): Promise<T | null> {
  // Work that fails closes its connection, which gives the lock back as well.
  return withClient(pool, async (client) => {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS mine', [key]);
    if (!rows[0].mine) return null;
    const result = await use(client);
    await client.query('SELECT pg_advisory_unlock($1)', [key]);
    return result;
  });
}

/** The database's clock: that of one machine must not decide what is old. */
export async function nowOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query('SELECT extract(epoch FROM now())::float8 * 1000 AS now');
  return rows[0].now;
}

const CONNECT_TIMEOUT_MS = 2000;

/**
 * Settings of a connection, as a client asks for them. Never jit: a list is read in a few milliseconds, and to compile
 * its plan, which looks dear with all its partitions, takes longer.
 */
export const sessionOptions = (settings: Record<string, string> = {}): string =>
  Object.entries({ jit: 'off', ...settings })
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');

/** What every connection of the product has in common. `statementMs` bounds a query on both ends. */
export function poolOptions(connection: DatabaseConnection, name: string, max: number, statementMs: number) {
  return {
    ...connection,
    application_name: `data-pusher ${name}`,
    // Payloads are read as text, so the bytes must not be converted on the way.
    client_encoding: 'UTF8',
    max,
    // One that was opened stays open: a process that has little to do does not sign in again each time.
    min: 1,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // A backend that is frozen never sees statement_timeout; the client gives up by itself.
    query_timeout: statementMs + 500,
    statement_timeout: statementMs,
    idle_in_transaction_session_timeout: 30_000,
    options: sessionOptions(),
    keepAlive: true,
    // What is between may forget a connection that says nothing for minutes.
    keepAliveInitialDelayMillis: 30_000,
    onConnect: outliveConnection,
    Client: TimelyClient as unknown as new () => pg.ClientBase,
  };
}

/**
 * A connection that ends between being taken from the pool and its first statement has no listener, and its error
 * would end the process. Whoever took it is told by that statement.
 */
export function outliveConnection(client: pg.ClientBase): void {
  client.on('error', () => undefined);
}

export function createAcceptPool(connection: DatabaseConnection): AcceptPool {
  // A producer is told within two seconds that somebody works on a table, and within three, however it was found
  // out, that the database does not answer; it tries again. Three connections store, the others find accounts.
  const limits = { lock_timeout: 1400, connectionTimeoutMillis: 800, query_timeout: 2000 };
  return new AcceptPool({ ...poolOptions(connection, 'accept', 5, 1700), ...limits });
}

/** Nobody waits for the disk. */
const WITHOUT_WAITING = { synchronous_commit: 'off' };

/**
 * Deliveries are found by an index, in its order. PostgreSQL keeps the plan of a statement that was prepared while there
 * were none, and until the table is analyzed reads all of it for each few rows.
 */
const BY_INDEX = { enable_seqscan: 'off', enable_bitmapscan: 'off' };

/** The keepers of a process hold seven when all of them work at once. */
export function createDeliveryPool(connection: DatabaseConnection): DeliveryPool {
  const options = poolOptions(connection, 'delivery', 8, 10_000);
  const settings = sessionOptions({ ...WITHOUT_WAITING, ...BY_INDEX });
  // A keeper looks now and then while a sweep is under way.
  return new DeliveryPool({ ...options, min: 2, options: settings });
}

/** Batches of results that are written at once; one connection more is for whoever reads destinations. */
export const RESULT_BATCHES = 3;

export function createResultPool(connection: DatabaseConnection): ResultPool {
  const options = poolOptions(connection, 'results', RESULT_BATCHES + 1, 10_000);
  const rowByRow = { ...BY_INDEX, enable_hashjoin: 'off', enable_mergejoin: 'off' };
  const settings = sessionOptions({ ...WITHOUT_WAITING, ...rowByRow });
  // The one that stays open records what is under way, also where others take all the connections there are.
  return new ResultPool({ ...options, options: settings });
}
