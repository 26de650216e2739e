import { join } from 'node:path';
import pg from 'pg';
import { DATABASE_USER } from './cluster.js';
import { readIfPresent } from './data-folder.js';
import { findCluster } from './home.js';
import type { SocketConnection } from './readiness.js';

/** Lines of postmaster.pid, from zero; see src/include/utils/pidfile.h of PostgreSQL. */
const PORT_LINE = 3;
const SOCKET_FOLDER_LINE = 4;
const STATUS_LINE = 7;

/**
 * How to reach the PostgreSQL that another process runs on a data folder. The server itself says where its socket
 * is, whatever temporary folder its starter had.
 * @returns null while it does not take connections.
 */
export async function findRunning(dataDir: string, password: string): Promise<SocketConnection | null> {
  const file = join(await findCluster(dataDir), 'postmaster.pid');
  const lines = ((await readIfPresent(file)) ?? '').split('\n').map((line) => line.trim());
  const host = lines[SOCKET_FOLDER_LINE];
  if (lines[STATUS_LINE] !== 'ready' || !host) return null;
  const connection = {
    host,
    port: Number(lines[PORT_LINE]),
    user: DATABASE_USER,
    password,
    database: 'data_pusher',
  };
  return (await answers(connection)) ? connection : null;
}

/** It may be on its way down, or have no database yet. */
async function answers(connection: SocketConnection): Promise<boolean> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
