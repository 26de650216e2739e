import { LOG_TABLES } from './seed-log.mjs';

const DAY_MS = 86_400_000;
const MAX_TRIES = 20;

/**
 * Removes a day in the middle of the log as retention does, table after table, beside a client that takes and gives
 * back what an insert needs. PostgreSQL lets the others go on before it removes the files.
 * @returns ms: how long that client waited at the most, and until the last file was gone.
 */
export async function dropDay(postgres, database) {
  const { dropPartition } = await import('../../dist/src/database/partition-drops.js');
  const day = new Date(Date.now() - 5 * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
  let isDone = false;
  const waiting = postgres.with(database, (client) => longestWait(client, () => isDone));
  const startedAt = performance.now();
  try {
    await postgres.with(database, async (client) => {
      for (const table of LOG_TABLES) await dropSoon(() => dropPartition(client, `${table}_${day}`));
    });
  } finally {
    isDone = true;
  }
  const goneMs = performance.now() - startedAt;
  return { waitMs: await waiting, goneMs };
}

/** It gives up soon behind whoever uses the table, so that nobody has to wait behind it. */
async function dropSoon(drop) {
  for (let tries = 0; tries < MAX_TRIES; tries++) if (await drop()) return;
  throw new Error('somebody kept a partition for too long');
}

async function longestWait(client, isDone) {
  const lock = `LOCK TABLE ${LOG_TABLES.map((table) => `ONLY ${table}`).join()} IN ROW EXCLUSIVE MODE`;
  let longest = 0;
  while (!isDone()) {
    const askedAt = performance.now();
    await client.query(`BEGIN; ${lock}; COMMIT`);
    longest = Math.max(longest, performance.now() - askedAt);
  }
  return longest;
}
