import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataFolderError } from './data-folder.js';

export interface SocketConnection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

const POLL_MS = 20;
/** Without any answer; a server in recovery answers, and recovery takes what it takes. */
const SILENCE_MS = 60_000;
const RECOVERY_REPORT_MS = 10_000;
/** Not listening yet, or going through its start. */
const NOT_YET = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P03']);
const STARTING_UP = '57P03';
const NO_SUCH_DATABASE = '3D000';
const WRONG_PASSWORD = '28P01';

/** Waits until the server accepts work, and makes its database where it is missing. */
export async function waitUntilReady(
  connection: SocketConnection,
  { report, signal }: { report: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  let answeredAt = Date.now();
  let reportAt = Date.now() + RECOVERY_REPORT_MS;
  while (!signal.aborted) {
    const problem = await query(connection, 'SELECT 1');
    if (!problem) return;
    if (problem.code === NO_SUCH_DATABASE) return createDatabase(connection);
    if (problem.code === WRONG_PASSWORD) throw wrongPassword();
    if (!NOT_YET.has(problem.code!)) throw problem;
    const now = Date.now();
    if (problem.code === STARTING_UP) answeredAt = now;
    if (now - answeredAt > SILENCE_MS) throw new Error('PostgreSQL does not answer', { cause: problem });
    if (now > reportAt) {
      report('PostgreSQL is still recovering from a crash');
      reportAt = now + RECOVERY_REPORT_MS;
    }
    await sleep(POLL_MS);
  }
}

async function createDatabase(connection: SocketConnection): Promise<void> {
  const problem = await query(
    { ...connection, database: 'postgres' },
    `CREATE DATABASE "${connection.database}"`,
  );
  if (problem) throw problem;
}

async function query(connection: SocketConnection, sql: string): Promise<NodeJS.ErrnoException | undefined> {
  const client = new pg.Client({ ...connection, ssl: false, connectionTimeoutMillis: 5000 });
  // Without a listener an error after the answer, such as a server that dies, would end this process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sql);
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function wrongPassword(): DataFolderError {
  return new DataFolderError(
    'The embedded database was made with another password: restore the secrets.json that belongs to it, or move the data folder away to start empty',
  );
}
