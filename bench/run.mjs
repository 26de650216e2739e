// W1: 1 KB events to one destination at saturation, the product beside the bare pipeline (C5) in the same run,
// taking turns, each round on a fresh database of the same PostgreSQL with fsync on. Prints a table and writes JSON.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { prepare } from '../scripts/prepare.mjs';
import { ask, start, stop } from './lib/processes.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 6);
const CONNECTIONS = 64;
const BODY = JSON.stringify({ event_type: 'user.update', data: 'x'.repeat(985) });

await prepare({ build: true });
const { startEmbeddedPostgres } = await import('../dist/src/database/embedded-postgres.js');

const dataDir = mkdtempSync(join(tmpdir(), 'data-pusher-bench-'));
const server = await startEmbeddedPostgres({ dataDir, password: 'bench' });
const receiver = await start('lib/receiver.mjs');
const [{ port: receiverPort }] = await once(receiver, 'message');
const results = { bare: [], product: [] };
try {
  for (let round = 0; round < ROUNDS; round++)
    for (const name of round % 2 ? ['product', 'bare'] : ['bare', 'product']) {
      const result = await measure(name, `${name}_${round}`);
      results[name].push(result);
      console.log(`round ${round + 1} ${name.padEnd(8)} ${describe(result)}`);
    }
} finally {
  await stop(receiver);
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
report();

async function measure(name, database) {
  await admin(`CREATE DATABASE ${database}`);
  const contender = await start(`contenders/${name}.mjs`, {
    BENCH_DATABASE: JSON.stringify({ ...server.connection, database }),
    BENCH_DESTINATION: `http://127.0.0.1:${receiverPort}/hook`,
  });
  const [{ port, token }] = await once(contender, 'message');
  const path = name === 'bare' ? '/events' : '/api/server/incoming_data';
  const headers = token ? { 'cl-x-token': token } : {};
  const load = (seconds) => runLoad({ port, path, headers, body: BODY, connections: CONNECTIONS, seconds });
  await load(2);
  await drained(0);
  await ask(receiver, 'reset');
  const startedAt = performance.now();
  const accepted = await load(SECONDS);
  await drained(accepted.accepted);
  const deliveredSeconds = (performance.now() - startedAt) / 1000;
  await stop(contender);
  await admin(`DROP DATABASE ${database} WITH (FORCE)`);
  return {
    accepts: accepted.accepted / accepted.seconds,
    delivered: accepted.accepted / deliveredSeconds,
    refused: accepted.refused,
    p50: accepted.p50,
    p95: accepted.p95,
    p99: accepted.p99,
  };
}

async function runLoad(options) {
  const child = await start('lib/load.mjs');
  const result = await ask(child, options);
  await stop(child);
  return result;
}

/** Waits until the receiver has `count` requests, or, with 0, until no more arrive. */
async function drained(count) {
  for (let last = -1; ;) {
    const { received } = await ask(receiver, 'count');
    if (count > 0 ? received >= count : received === last) return;
    last = received;
    await new Promise((resolve) => setTimeout(resolve, count > 0 ? 10 : 1500));
  }
}

async function admin(statement) {
  const client = new pg.Client({ ...server.connection, database: 'postgres' });
  await client.connect();
  await client.query(statement);
  await client.end();
}

function describe({ accepts, delivered, p50, p95, p99 }) {
  return `${Math.round(accepts)} accepts/s, ${Math.round(delivered)} accepted and delivered/s, accept p50 ${p50} p95 ${p95} p99 ${p99} ms`;
}

function report() {
  const median = (name, key) =>
    results[name].map((result) => result[key]).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
  const rows = ['accepts', 'delivered'].map((key) => ({
    'per second': key === 'accepts' ? 'durable accepts' : 'accepted and delivered',
    product: Math.round(median('product', key)),
    'bare pipeline': Math.round(median('bare', key)),
    ratio: Math.round((median('product', key) / median('bare', key)) * 100) / 100,
  }));
  console.table(rows);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const file = new URL('results/w1.json', import.meta.url);
  writeFileSync(
    file,
    `${JSON.stringify({ workload: 'W1', machine, rounds: ROUNDS, seconds: SECONDS, rows, results }, null, 2)}\n`,
  );
}
