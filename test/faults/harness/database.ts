import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { listProcesses } from '../../../src/database/embedded/os-process.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/database/embedded-postgres.js';
import { atExit } from './leftovers.js';

const RESPAWN_MS = 50;

/** A PostgreSQL of its own with every durability setting on, started again when it dies. */
export class FaultDatabase {
  private readonly dataDir = mkdtempSync(join(tmpdir(), 'data-pusher-faults-'));
  private isStopping = false;
  private restarting: Promise<void> = Promise.resolve();
  private server!: EmbeddedPostgres;
  private readonly isGone = atExit(() => this.remove());

  constructor(private readonly settings: Record<string, string> = {}) {}

  async start(): Promise<void> {
    const server = await startEmbeddedPostgres({
      dataDir: this.dataDir,
      password: 'faults',
      settings: this.settings,
    });
    this.server = server;
    this.isStopping = false;
    void server.exited.then(() => {
      if (this.server === server && !this.isStopping) this.restarting = this.respawn();
    });
  }

  get connection(): EmbeddedPostgres['connection'] {
    return this.server.connection;
  }

  get socket(): string {
    return join(this.connection.host, `.s.PGSQL.${this.connection.port}`);
  }

  get url(): string {
    const { user, password, host, port, database } = this.connection;
    return `postgresql://${user}:${password}@${encodeURIComponent(host)}:${port}/${database}`;
  }

  /** Resolves when the server that runs now ends without having been told to. */
  async ended(): Promise<void> {
    await this.server.exited;
  }

  /** Every process of the server, the first one first. */
  get pids(): number[] {
    const name = basename(this.connection.host);
    const all = listProcesses().filter(
      ({ command }) => command.includes(`cluster_name=${name} `) || command.startsWith(`postgres: ${name}: `),
    );
    return all.map(({ pid }) => pid).sort((a, b) => a - b);
  }

  /** The power goes: nothing is flushed, nobody says goodbye. It is started again by itself. */
  killAll(): void {
    this.signalAll('SIGKILL');
  }

  signalAll(signal: NodeJS.Signals): void {
    for (const pid of this.pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended by itself since it was listed.
      }
    }
  }

  /** A fast shutdown and a start, as an upgrade or a changed setting takes. */
  async restart(): Promise<void> {
    await this.restarting;
    this.isStopping = true;
    await this.server.stop();
    await this.start();
  }

  async ready(): Promise<void> {
    await sleep(RESPAWN_MS);
    await this.restarting;
    await this.query('SELECT 1');
  }

  async query<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
    const client = await this.connect();
    try {
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async connect(): Promise<pg.Client> {
    const client = new pg.Client({ ...this.connection, application_name: 'faults' });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.restarting;
    await this.server?.stop();
    this.remove();
    this.isGone();
  }

  private remove(): void {
    if (this.server) this.killAll();
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  private async respawn(): Promise<void> {
    await this.server.stop().catch(() => undefined);
    while (!this.isStopping) {
      await sleep(RESPAWN_MS);
      try {
        return await this.start();
      } catch {
        // Shared memory of the dead one may still be there: again.
      }
    }
  }
}
