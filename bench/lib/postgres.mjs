import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { readProcess, ticksOf } from './machine.mjs';

const TEMPLATE = 'bench_template';
/** Two products may be connected at a time. Everything else is as the product starts it, fsync on included. */
const SETTINGS = { max_connections: '300' };
/** Of Linux: the unit of CPU times in /proc. */
const TICKS_PER_SECOND = 100;

/** The embedded PostgreSQL that all contenders of a run share, each round in a database of its own. */
export class BenchPostgres {
  #server;
  #folder;
  #admin;
  #created = 0;
  #postmaster;

  static async start() {
    const { startEmbeddedPostgres } = await import('../../dist/src/database/embedded-postgres.js');
    const folder = mkdtempSync(join(tmpdir(), 'data-pusher-bench-'));
    const server = await startEmbeddedPostgres({ dataDir: folder, password: 'bench', settings: SETTINGS });
    const postgres = new BenchPostgres(server, folder);
    await postgres.#prepare();
    return postgres;
  }

  constructor(server, folder) {
    this.#server = server;
    this.#folder = folder;
    this.#admin = new pg.Pool({ ...server.connection, database: 'postgres', max: 2 });
    this.#admin.on('error', () => undefined);
  }

  async #prepare() {
    const { migrate } = await import('../../dist/src/database/migrate.js');
    await this.#admin.query(`CREATE DATABASE ${TEMPLATE}`);
    await migrate(this.connection(TEMPLATE));
    const { rows } = await this.#admin.query('SELECT pg_backend_pid() AS pid');
    this.#postmaster = readProcess(rows[0].pid)?.parent;
  }

  connection(database) {
    return { ...this.#server.connection, database };
  }

  url(database) {
    const { host, port, user, password } = this.#server.connection;
    return `postgres://${user}:${password}@localhost/${database}?host=${encodeURIComponent(host)}&port=${port}`;
  }

  /** @returns the name of a new database; `migrated` with the product's schema, else empty. */
  async createDatabase({ migrated }) {
    const name = `bench_${++this.#created}`;
    await this.#admin.query(`CREATE DATABASE ${name} ${migrated ? `TEMPLATE ${TEMPLATE}` : ''}`);
    return name;
  }

  async dropDatabase(name) {
    await this.#admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  }

  /** Runs `work` with a connection to the database. */
  async with(database, work) {
    const client = new pg.Client(this.connection(database));
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  /** Counters that only grow. */
  async counters() {
    const { rows } = await this.#admin.query(
      `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS "walBytes"`,
    );
    return { ...rows[0], postgresCpuMicros: this.#cpuMicros() };
  }

  /** Of the WAL. Open sessions tell of theirs late, so it is exact only once they have ended. */
  async fsyncs() {
    const { rows } = await this.#admin.query(
      `SELECT sum(fsyncs)::float8 AS fsyncs FROM pg_stat_io WHERE object = 'wal'`,
    );
    return rows[0].fsyncs;
  }

  async checkpoint() {
    await this.#admin.query('CHECKPOINT');
  }

  /** Of all processes of the server, those that have ended included; NaN where there is no /proc. */
  #cpuMicros() {
    return this.#postmaster ? (ticksOf(this.#postmaster) / TICKS_PER_SECOND) * 1e6 : NaN;
  }

  async stop() {
    await this.#admin.end();
    await this.#server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
