import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { AppConfig, DatabaseConnection } from './config/app-config.js';
import { environmentWith } from './config/env.js';

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;
/** One that lived so long did not fail at its start. */
const HEALTHY_MS = 30_000;
const MAX_PORT = 65_535;
/** Longer than a worker takes to drain, shorter than this process may take to stop. */
const STOP_LIMIT_MS = 18_000;

/** Worker processes of one API process, on its database; one that dies is started again. */
export class WorkerProcesses {
  private readonly running = new Set<ChildProcess>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopping = false;
  private whenEnded: () => void = () => undefined;

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
    // Not a signal: after Ctrl-C, which reaches all of us, a second one would mean to stop at once.
    for (const worker of this.running) if (worker.connected) worker.disconnect();
    const limit = setTimeout(() => this.running.forEach((worker) => worker.kill('SIGKILL')), STOP_LIMIT_MS);
    while (this.running.size > 0) await new Promise<void>((resolve) => (this.whenEnded = resolve));
    clearTimeout(limit);
  }

  private launch(index: number, pauseMs: number): void {
    const startedAt = performance.now();
    const ended = (reason: object): void => {
      if (this.stopping) return;
      this.logger.error({ worker: index, ...reason }, 'worker.died');
      this.launchLater(index, performance.now() - startedAt > HEALTHY_MS ? FIRST_PAUSE_MS : pauseMs);
    };
    try {
      this.watch(fork(WORKER, [], { env: this.environment(index) }), index, ended);
    } catch (error) {
      ended({ err: error });
    }
  }

  private watch(worker: ChildProcess, index: number, ended: (reason: object) => void): void {
    const gone = (reason: object): void => {
      if (!this.running.delete(worker)) return;
      this.whenEnded();
      ended(reason);
    };
    this.running.add(worker);
    if (worker.pid) this.logger.info({ worker: index, worker_pid: worker.pid }, 'worker.started');
    worker.on('exit', (code, signal) => gone({ code, signal }));
    // One that could not be started has no end either.
    worker.on('error', (error) => {
      if (!worker.pid) gone({ err: error });
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
    const { database, secrets, env, egressAllow, host } = this.config;
    return environmentWith({
      DATABASE_URL: urlOf(database),
      JWT_SECRET: secrets.jwtSecret,
      ENCRYPTION_KEYS: secrets.encryptionKeys,
      EGRESS_ALLOW: egressAllow,
      HOST: host,
      METRICS_PORT: env.METRICS_PORT ? String(Math.min(env.METRICS_PORT + index, MAX_PORT)) : '',
    });
  }
}

function urlOf({ connectionString, host, port, user, password, database }: DatabaseConnection): string {
  if (connectionString) return connectionString;
  const [who, secret, where] = [user!, password!, host!].map(encodeURIComponent);
  return `postgresql://${who}:${secret}@${where}:${port}/${database}`;
}
