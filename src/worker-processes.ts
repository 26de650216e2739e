import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { AppConfig, DatabaseConnection } from './config/app-config.js';
import { environmentWith } from './config/env.js';

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;
/** One that lived so long did not fail at its start. */
const HEALTHY_MS = 30_000;
/** Longer than a worker takes to drain, shorter than this process may take to stop. */
const STOP_LIMIT_MS = 18_000;

/** Worker processes of one API process, on its database; one that dies is started again. */
export class WorkerProcesses {
  private readonly running = new Set<ChildProcess>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopping = false;

  constructor(
    private readonly config: AppConfig,
    private readonly logger: Logger,
  ) {}

  start(count: number): void {
    for (let index = 0; index < count; index++) this.launch(index, FIRST_PAUSE_MS);
  }

  /** Lets every worker finish what it has under way. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    const exits = [...this.running].map((worker) => once(worker, 'exit'));
    // Not a signal: after Ctrl-C, which reaches all of us, a second one would mean to stop at once.
    for (const worker of this.running) if (worker.connected) worker.disconnect();
    const limit = setTimeout(() => this.running.forEach((worker) => worker.kill('SIGKILL')), STOP_LIMIT_MS);
    await Promise.all(exits);
    clearTimeout(limit);
  }

  private launch(index: number, pauseMs: number): void {
    const startedAt = performance.now();
    const worker = fork(WORKER, [], {
      env: this.environment(index),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.running.add(worker);
    this.logger.info({ worker: index, pid: worker.pid }, 'worker.started');
    worker.once('error', (error) => this.logger.error({ worker: index, err: error }, 'worker.failed'));
    worker.once('exit', (code, signal) => {
      this.running.delete(worker);
      if (this.stopping) return;
      this.logger.error({ worker: index, code, signal }, 'worker.died');
      const nextPauseMs = performance.now() - startedAt > HEALTHY_MS ? FIRST_PAUSE_MS : pauseMs;
      this.launchLater(index, nextPauseMs);
    });
  }

  private launchLater(index: number, pauseMs: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.launch(index, Math.min(2 * pauseMs, MAX_PAUSE_MS));
    }, pauseMs);
    this.timers.add(timer);
  }

  /** What this process was started with, and what it made or chose itself. */
  private environment(index: number): NodeJS.ProcessEnv {
    const { database, secrets, env, egressAllow } = this.config;
    return environmentWith({
      DATABASE_URL: urlOf(database),
      JWT_SECRET: secrets.jwtSecret,
      ENCRYPTION_KEYS: secrets.encryptionKeys,
      EGRESS_ALLOW: egressAllow,
      METRICS_PORT: env.METRICS_PORT ? String(env.METRICS_PORT + index) : '',
    });
  }
}

function urlOf({ connectionString, host, port, user, password, database }: DatabaseConnection): string {
  if (connectionString) return connectionString;
  const [who, secret, where] = [user!, password!, host!].map(encodeURIComponent);
  return `postgresql://${who}:${secret}@${where}:${port}/${database}`;
}
