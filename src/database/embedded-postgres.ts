import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBinaries, reachableBinaries, type PostgresBinaries } from './embedded/binaries.js';
import { createCluster, DATABASE_USER } from './embedded/cluster.js';
import {
  asDataFolderError,
  DataFolderInUseError,
  openDataFolder,
  type DataFolder,
} from './embedded/data-folder.js';
import { openHome, openSocketFolder, rememberHome } from './embedded/home.js';
import { clearPidFile, stopLeftovers } from './embedded/leftovers.js';
import { waitUntilReady, type SocketConnection } from './embedded/readiness.js';
import { findRunning } from './embedded/running.js';
import { PostgresServer, type ServerOptions } from './embedded/server.js';

export { DataFolderError } from './embedded/data-folder.js';

export interface EmbeddedPostgresOptions {
  dataDir: string;
  /** Of the database user; the cluster keeps the one it was made with. */
  password: string;
  /** PostgreSQL settings that replace ours. */
  settings?: Record<string, string>;
  /** Takes one line for the operator, about what happens once in the life of a data folder or after a crash. */
  report?: (line: string) => void;
}

export interface EmbeddedPostgres {
  readonly connection: SocketConnection;
  /** Connection string for logs and psql, without the password. */
  readonly description: string;
  /** Resolves when the server ends without stop(), with an error that quotes its log. */
  readonly exited: Promise<Error>;
  /** Fast shutdown; gives the data folder free. */
  stop(): Promise<void>;
}

/** How long whoever has the data folder may take until its database answers, or until it is gone. */
const JOIN_MS = 60_000;
/** A crashed server's processes and its shared memory may take so long to go. */
const LEFTOVER_MS = 10_000;

/**
 * Starts the PostgreSQL of a data folder, making both where they are missing and cleaning up after a crash.
 * @throws DataFolderError where the operator has to act; its message is one line.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const data = await openDataFolder(options.dataDir);
  try {
    const { server, connection } = await startIn(data, binaries, options);
    return handle(server, connection, data);
  } catch (error) {
    await data.release();
    throw asDataFolderError(options.dataDir, error);
  }
}

/** A database for a while: that of the Data Pusher which runs on the data folder, else one of its own. */
export interface BorrowedPostgres {
  readonly connection: SocketConnection;
  /** Whether a running Data Pusher keeps it. */
  readonly shared: boolean;
  /** Gives back what was borrowed; stops what was started. */
  stop(): Promise<void>;
}

/**
 * Reaches the PostgreSQL of a data folder beside whoever runs it, or starts it where nobody does.
 * @throws DataFolderError where the operator has to act.
 */
export async function borrowEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<BorrowedPostgres> {
  for (const deadline = Date.now() + JOIN_MS; ; await sleep(100)) {
    try {
      const own = await startEmbeddedPostgres(options);
      return { connection: own.connection, shared: false, stop: () => own.stop() };
    } catch (error) {
      if (!(error instanceof DataFolderInUseError)) throw error;
      const connection = await findRunning(options.dataDir, options.password);
      if (connection) return { connection, shared: true, stop: async () => undefined };
      if (Date.now() > deadline) throw error;
    }
  }
}

async function startIn(data: DataFolder, binaries: PostgresBinaries, options: EmbeddedPostgresOptions) {
  const { password, settings, report = () => undefined } = options;
  const leftovers = await stopLeftovers(data.name);
  if (leftovers.length > 0) report('stopped a PostgreSQL that an earlier start left running');
  const home = await openHome(data, binaries.major, report);
  const program = await reachableBinaries(binaries, home.folder, home.account);
  if (home.isNew) {
    report(`creating a PostgreSQL ${binaries.major} database in ${home.cluster}`);
    await createCluster(home, program, { password, durable: settings?.fsync !== 'off' });
    await rememberHome(data, home);
  }
  const sockets = await openSocketFolder(data.name, home.account);
  const connection = { host: sockets, port: 5432, user: DATABASE_USER, password, database: 'data_pusher' };
  const server = await startServer(
    {
      name: data.name,
      cluster: home.cluster,
      binaries: program,
      sockets,
      logFile: join(data.path, 'postgres.log'),
      account: home.account,
      settings,
    },
    connection,
    report,
  );
  return { server, connection };
}

async function startServer(
  options: ServerOptions,
  connection: SocketConnection,
  report: (line: string) => void,
): Promise<PostgresServer> {
  for (const deadline = Date.now() + LEFTOVER_MS; ; await sleep(100)) {
    await stopLeftovers(options.name);
    await clearPidFile(options.cluster);
    const server = await PostgresServer.launch(options);
    const over = new AbortController();
    const ready = waitUntilReady(connection, { report, signal: over.signal });
    try {
      const gone = await Promise.race([ready, server.gone]);
      if (!gone) return server;
      const isLeftover = /pre-existing shared memory block|lock file ".*" already exists/.test(gone.output);
      if (!isLeftover || Date.now() > deadline) throw gone.error;
    } catch (error) {
      await server.stop();
      await rm(options.sockets, { recursive: true, force: true });
      throw error;
    } finally {
      over.abort();
      await ready.catch(() => undefined);
    }
  }
}

function handle(server: PostgresServer, connection: SocketConnection, data: DataFolder): EmbeddedPostgres {
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await server.stop();
    await rm(connection.host, { recursive: true, force: true });
    await data.release();
  };
  const { host, port, user, database } = connection;
  return {
    connection,
    description: `host=${host} port=${port} user=${user} dbname=${database}`,
    exited: new Promise((resolve) => {
      void server.gone.then(({ error }) => {
        if (!stopped) resolve(error);
      });
    }),
    stop: () => (stopped ??= stop()),
  };
}
