// C5, the bare pipeline: Fastify, group commit, BullMQ on PostgreSQL, undici and a batched log in one process.
// No framework, no checks, no leases, no signatures. What the product adds is measured against it.
import { createPostgresBackend, Queue, runMigrations, setDefaultBackendFactory, Worker } from 'bullmq';
import { createHash } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';
import { Pool } from 'undici';
import { v7 as uuidv7 } from 'uuid';

const connection = JSON.parse(process.env.BENCH_DATABASE);
const destination = new URL(process.env.BENCH_DESTINATION);
const database = new pg.Pool({ ...connection, max: 4 });
const log = new pg.Pool({ ...connection, max: 4, options: '-c synchronous_commit=off' });
const queuePool = new pg.Pool({
  ...connection,
  max: 6,
  options: '-c search_path=bullmq -c synchronous_commit=off',
});

await database.query(`
  CREATE TABLE bare_events (id uuid PRIMARY KEY, sha256 bytea NOT NULL, payload bytea NOT NULL);
  CREATE TABLE bare_deliveries (id uuid PRIMARY KEY, event uuid NOT NULL);
  CREATE TABLE bare_log (id uuid PRIMARY KEY, event uuid NOT NULL, status integer NOT NULL, at timestamptz NOT NULL DEFAULT now())`);
const migrator = await database.connect();
await runMigrations(migrator);
migrator.release();
setDefaultBackendFactory(createPostgresBackend);
const queue = new Queue('bare', { connection: queuePool });
const target = new Pool(destination.origin, { connections: 256 });

const accept = batcher(200, async (events) => {
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
});

const record = batcher(250, (results) =>
  log.query({
    name: 'record',
    text: `WITH r AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS r (id, event, status)),
      gone AS (DELETE FROM bare_deliveries d USING r WHERE d.id = r.id)
      INSERT INTO bare_log (id, event, status) SELECT id, event, status FROM r`,
    values: [results.map((r) => r.id), results.map((r) => r.event), results.map((r) => r.status)],
  }),
);

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
  { connection: queuePool, concurrency: 100 },
);

worker.on('error', console.error);

async function deliver({ id, event, payload }) {
  const { statusCode, body } = await target.request({
    path: destination.pathname,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: payload,
  });
  await body.dump();
  await record({ id, event, status: statusCode });
}

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
process.send({ port: fastify.server.address().port });

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
