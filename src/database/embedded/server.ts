import { spawn, type ChildProcess } from 'node:child_process';
import { open, rename, stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cannotRun, describeFailure, runAs } from './cluster.js';
import type { OsAccount } from './os-account.js';

export interface ServerOptions {
  /** cluster_name, which every process of the server shows. */
  name: string;
  cluster: string;
  binaries: string;
  sockets: string;
  logFile: string;
  account?: OsAccount;
  settings?: Record<string, string>;
}

const MEBIBYTE = 1024 * 1024;
const LOG_LIMIT = 20 * MEBIBYTE;
const LOG_TAIL = 8192;
/** Fast shutdown, then immediate (recovery at the next start), then the hard way. */
const STOP = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5000 },
  { signal: 'SIGKILL', waitMs: 5000 },
] as const;

/** One run of the postgres program. */
export class PostgresServer {
  private constructor(
    private readonly child: ChildProcess,
    /** Resolves when the program is gone, with how it went and what it wrote to its log. Never rejects. */
    readonly gone: Promise<{ error: Error; output: string }>,
  ) {}

  static async launch(options: ServerOptions): Promise<PostgresServer> {
    const { account, binaries, logFile, cluster } = options;
    const log = await openLog(logFile, account);
    const { size } = await log.stat();
    const child = spawn(join(binaries, 'bin', 'postgres'), serverArguments(options), {
      ...runAs(account),
      // A session of its own: Ctrl-C reaches us alone, and we stop the server after the drain.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const gone = new Promise<{ error: Error; output: string }>((resolve) => {
      child.once('error', (error) => resolve({ error: cannotRun(error), output: '' }));
      child.once('exit', (code, signal) => {
        const what = `PostgreSQL stopped (${signal ? `signal ${signal}` : `exit code ${code}`})`;
        void readTail(logFile, size)
          .catch(() => '')
          .then((output) => resolve({ error: describeFailure(what, output, cluster), output }));
      });
    });
    child.unref();
    await log.close();
    return new PostgresServer(child, gone);
  }

  async stop(): Promise<void> {
    this.child.ref();
    for (const { signal, waitMs } of STOP) {
      this.child.kill(signal);
      const timeout = sleep(waitMs, false, { ref: false });
      if (await Promise.race([this.gone.then(() => true), timeout])) return;
    }
    throw new Error(`PostgreSQL (process ${this.child.pid}) does not end`);
  }
}

function serverArguments({ name, cluster, sockets, settings }: ServerOptions): string[] {
  const all = {
    cluster_name: name,
    listen_addresses: '',
    unix_socket_directories: sockets,
    port: '5432',
    max_connections: '200',
    shared_buffers: `${sharedBuffersMb()}MB`,
    fsync: 'on',
    synchronous_commit: 'on',
    // The npm binaries are built without lz4.
    wal_compression: 'pglz',
    max_wal_size: '4GB',
    checkpoint_timeout: '15min',
    jit: 'off',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] ',
    ...settings,
  };
  return ['-D', cluster, ...Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`])];
}

/** An eighth of the memory this process may use, at most 256 MB. */
function sharedBuffersMb(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return Math.max(16, Math.min(256, Math.floor(memory / 8 / MEBIBYTE)));
}

async function openLog(file: string, account?: OsAccount) {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_LIMIT) await rename(file, `${file}.old`);
  const log = await open(file, 'a', 0o600);
  if (account) await log.chown(account.uid, account.gid);
  return log;
}

async function readTail(file: string, from: number): Promise<string> {
  const log = await open(file, 'r');
  try {
    const { size } = await log.stat();
    const start = Math.max(from, size - LOG_TAIL);
    const { buffer, bytesRead } = await log.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await log.close();
  }
}
