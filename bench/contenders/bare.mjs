// C5, the bare pipeline: Fastify, group commit, BullMQ, undici and a batched log. No framework, no checks, no
// leases, no signatures. What the product adds is measured against it. BENCH_ROLE is all, api or worker.
import { createPostgresBackend, Queue, runMigrations, setDefaultBackendFactory, Worker } from 'bullmq';
import { createHash } from 'node:crypto';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import pg from 'pg';
import { Pool } from 'undici';
import { v7 as uuidv7 } from 'uuid';
import { answer, cpuMicros, ready } from '../lib/answers.mjs';

const role = process.env.BENCH_ROLE;
const connection = JSON.parse(process.env.BENCH_DATABASE);
const destination = new URL(process.env.BENCH_DESTINATION);
const database = new pg.Pool({ ...connection, max: 4 });
const log = new pg.Pool({ ...connection, max: 4, options: '-c synchronous_commit=off' });
const queueConnection = await openQueue();
const queue = new Queue('bare', { connection: queueConnection });
let port;

if (role !== 'worker') {
  await createTables();
  port = await serve();
}
if (role !== 'api') work();
answer({ usage: () => ({ cpuMicros: cpuMicros() }) });
ready({ port });

async function openQueue() {
  const { BENCH_REDIS: url } = process.env;
  if (url) return new Redis(url, { maxRetriesPerRequest: null });
  const migrator = await database.connect();
  await runMigrations(migrator);
  migrator.release();
  setDefaultBackendFactory(createPostgresBackend);
  return new pg.Pool({ ...connection, max: 6, options: '-c search_path=bullmq -c synchronous_commit=off' });
}

function createTables() {
  return database.query(`
    CREATE TABLE bare_events (id uuid PRIMARY KEY, sha256 bytea NOT NULL, payload bytea NOT NULL);
    CREATE TABLE bare_deliveries (id uuid PRIMARY KEY, event uuid NOT NULL);
    CREATE TABLE bare_log (id uuid PRIMARY KEY, event uuid NOT NULL, status integer NOT NULL, at timestamptz NOT NULL DEFAULT now())`);
}

async function serve() {
  const accept = batcher(200, store);
  const fastify = Fastify();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  fastify.post('/events', async (request, reply) => {
    const id = uuidv7();
    const sha256 = createHash('sha256').update(request.body).digest();
    await accept({ id, delivery: uuidv7(), sha256, payload: request.body });
    reply.code(202);
    return { id };
  });
  await fastify.listen({ port: 0, host: '127.0.0.1' });
  return fastify.server.address().port;
}

async function store(events) {
  await database.query({
    name: 'accept',
    text: `WITH input AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) AS i (id, delivery, sha256, payload)),
      stored AS (INSERT INTO bare_events SELECT id, sha256, payload FROM input)
      INSERT INTO bare_deliveries SELECT delivery, id FROM input`,
    values: [
      events.map((event) => event.id),
      events.map((event) => event.delivery),
      events.map((event) => event.sha256),
      events.map((event) => event.payload),
    ],
  });
  void queue.add(
    'batch',
    events.map((event) => event.delivery),
    { removeOnComplete: true },
  );
}

function work() {
  const target = new Pool(destination.origin, { connections: 256 });
  const record = batcher(250, recordAll);
  const deliver = async ({ id, event, payload }) => {
    const headers = { 'content-type': 'application/json' };
    const path = destination.pathname;
    const { statusCode, body } = await target.request({ path, method: 'POST', headers, body: payload });
    await body.dump();
    await record({ id, event, status: statusCode });
  };
  const worker = new Worker(
    'bare',
    async (job) => {
      const { rows } = await log.query({
        name: 'load',
        text: 'SELECT d.id, d.event, e.payload FROM bare_deliveries d JOIN bare_events e ON e.id = d.event WHERE d.id = ANY($1::uuid[])',
        values: [job.data],
      });
      await Promise.all(rows.map(deliver));
    },
    { connection: queueConnection, concurrency: 100 },
  );
  worker.on('error', console.error);
}

function recordAll(results) {
  return log.query({
    name: 'record',
    text: `WITH r AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS r (id, event, status)),
      gone AS (DELETE FROM bare_deliveries d USING r WHERE d.id = r.id)
      INSERT INTO bare_log (id, event, status) SELECT id, event, status FROM r`,
    values: [results.map((r) => r.id), results.map((r) => r.event), results.map((r) => r.status)],
  });
}

function batcher(maxItems, write) {
  let waiting = [];
  let flushes = 0;
  const flush = async () => {
    const batch = waiting.splice(0, maxItems);
    flushes++;
    await write(batch.map(({ item }) => item));
    flushes--;
    for (const { resolve } of batch) resolve();
    next();
  };
  const next = () => {
    if (waiting.length > 0 && (flushes === 0 || (waiting.length >= maxItems && flushes < 3))) void flush();
  };
  return (item) =>
    new Promise((resolve) => {
      waiting.push({ item, resolve });
      next();
    });
}
