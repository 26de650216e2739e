import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultPlace } from '../../../src/common/fault-injection.js';
import { startOptions } from '../../support/start-options.js';
import { waitFor } from '../../support/wait-for.js';
import type { Charge } from '../build/active-faults.js';
import { atExit } from './leftovers.js';
import { faultBuild, root } from './paths.js';
import type { OutputWatch } from './watch.js';

const RESPAWN_MS = 50;
const READY_MS = 40_000;

export interface Death {
  at: number;
  /** Exit code or name of the signal. */
  how: number | string;
  /** Killed or stopped by the test. */
  wanted: boolean;
  /** What it printed last. */
  lastLines: string;
}

export interface ProcessOptions {
  name: string;
  entry: 'main' | 'worker';
  args: string[];
  env: Record<string, string>;
  watch: OutputWatch;
}

/** A process of the built product. What dies is started again after 50 ms, until it is stopped. */
export class Supervised {
  readonly deaths: Death[] = [];
  readonly hits: FaultPlace[] = [];
  /** performance.now() of each time it began to serve. */
  readonly starts: number[] = [];
  /** Environment of the starts to come. */
  env: Record<string, string>;
  private child: ChildProcess | null = null;
  private isReady = false;
  private isStopping = false;
  private wanted = false;
  private exited: Promise<number | string> = Promise.resolve('not started');
  private readonly armed = new Set<FaultPlace>();

  constructor(readonly options: ProcessOptions) {
    this.env = options.env;
  }

  get name(): string {
    return this.options.name;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get ready(): boolean {
    return this.isReady;
  }

  async start(): Promise<void> {
    this.isStopping = false;
    this.spawn();
    await this.becomesReady();
  }

  becomesReady(): Promise<true> {
    return waitFor(() => this.isReady, { timeoutMs: READY_MS, what: `${this.name} being ready` });
  }

  /** Makes the process die, wait or fail at a place; resolves when it knows. */
  async arm(charge: Charge): Promise<void> {
    this.armed.delete(charge.place);
    if (charge.action === 'kill') this.wanted = true;
    this.child!.send(charge);
    await waitFor(() => this.armed.has(charge.place) || !this.child?.connected, {
      what: `${this.name} armed`,
    });
  }

  /** The event loop stands still for so long. */
  block(ms: number): void {
    this.child!.send({ block: ms });
  }

  /** Ends abruptly; the supervisor starts it again. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.wanted = true;
    this.child?.kill('SIGKILL');
    await this.exited;
  }

  /** Nobody reads what it prints; once the pipe is full, nobody can. */
  stopReading(): void {
    for (const stream of [this.child!.stdout!, this.child!.stderr!]) stream.pause();
  }

  goOnReading(): void {
    for (const stream of [this.child!.stdout!, this.child!.stderr!]) stream.resume();
  }

  freeze(): void {
    this.child!.kill('SIGSTOP');
  }

  thaw(): void {
    this.child!.kill('SIGCONT');
  }

  /** Ends gracefully and stays away. @returns how it ended and after how long. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ how: number | string; ms: number }> {
    this.isStopping = true;
    const startedAt = performance.now();
    if (!this.child) return { how: 0, ms: 0 };
    this.wanted = true;
    this.child.kill(signal);
    const how = await this.exited;
    return { how, ms: performance.now() - startedAt };
  }

  private spawn(): void {
    const { entry, args, name, watch } = this.options;
    this.isReady = false;
    this.wanted = false;
    const child = spawn(process.execPath, [...startOptions(root), `${faultBuild}${entry}.js`, ...args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    const isGone = atExit(() => child.kill('SIGKILL'));
    child.on('message', (message: { armed?: FaultPlace; hit?: FaultPlace }) => {
      if (message.armed) this.armed.add(message.armed);
      if (message.hit) this.hits.push(message.hit);
    });
    child.on('error', (error) => watch.line(name, `harness: ${error.message}`));
    for (const stream of [child.stdout!, child.stderr!])
      createInterface({ input: stream }).on('line', (line) => {
        if (line.includes('is ready')) this.nowReady();
        watch.line(name, line);
      });
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        const how = code ?? signal ?? 'unknown';
        isGone();
        this.died(how);
        resolve(how);
      });
    });
  }

  private nowReady(): void {
    this.isReady = true;
    this.starts.push(performance.now());
  }

  private died(how: number | string): void {
    // Who was never ready died because something it needs is away, and is tried again.
    const lastLines = this.options.watch.tail(12, this.name);
    this.deaths.push({ at: performance.now(), how, wanted: this.wanted || !this.isReady, lastLines });
    this.isReady = false;
    this.child = null;
    if (!this.isStopping) void sleep(RESPAWN_MS).then(() => this.isStopping || this.child || this.spawn());
  }
}
