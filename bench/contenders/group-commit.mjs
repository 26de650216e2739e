// C4: inserts of 64 rows of 1 KB, each committed to disk, three under way. What PostgreSQL takes at the most.
import { createHash } from 'node:crypto';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { answer, ready } from '../lib/answers.mjs';

const ROWS = 64;
const FLUSHES = 3;

const database = new pg.Pool({ ...JSON.parse(process.env.BENCH_DATABASE), max: FLUSHES });
await database.query(
  'CREATE TABLE events (id uuid PRIMARY KEY, sha256 bytea NOT NULL, payload bytea NOT NULL)',
);

async function run({ body, seconds }) {
  const payload = Buffer.from(body);
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  let rows = 0;
  const loop = async () => {
    while (performance.now() < until) {
      await insert(payload);
      rows += ROWS;
    }
  };
  await Promise.all(Array.from({ length: FLUSHES }, loop));
  return { rows, seconds: (performance.now() - startedAt) / 1000 };
}

function insert(payload) {
  const events = Array.from({ length: ROWS }, () => payload);
  return database.query({
    name: 'insert',
    text: 'INSERT INTO events SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[])',
    values: [
      events.map(() => uuidv7()),
      events.map((event) => createHash('sha256').update(event).digest()),
      events,
    ],
  });
}

answer({ run });
ready();
