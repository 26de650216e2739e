import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { firstIdOf } from '../database/partitions.js';

const HOUR_MS = 3_600_000;
/** Runs after which every chunk was looked at: one an hour. */
const CHUNKS_APART = 24;
const CHUNK_BLOCKS = 512;

/**
 * Deletes keys of events before `beforeMs`. Each hour of the day looks at another 24th of the table, block by
 * block, so that no index has to be written with every event; a key therefore goes within a day of its time.
 * @returns how many there were.
 */
export async function forgetKeys(
  client: ClientBase,
  beforeMs: number,
  nowMs: number,
  signal: AbortSignal,
): Promise<number> {
  if (beforeMs === -Infinity) return 0;
  const { rows } = await client.query(
    `SELECT (pg_relation_size('event_keys') / current_setting('block_size')::integer)::integer AS blocks`,
  );
  let forgotten = 0;
  const first = Math.floor(nowMs / HOUR_MS) % CHUNKS_APART;
  for (let chunk = first; chunk * CHUNK_BLOCKS < rows[0].blocks; chunk += CHUNKS_APART) {
    const startedAt = performance.now();
    const { rowCount } = await client.query(
      'DELETE FROM event_keys WHERE ctid >= $1::tid AND ctid < $2::tid AND event < $3',
      [`(${chunk * CHUNK_BLOCKS},0)`, `(${(chunk + 1) * CHUNK_BLOCKS},0)`, firstIdOf(beforeMs)],
    );
    forgotten += rowCount ?? 0;
    // As much rest as work, so that accepting never competes with this for long.
    await sleep(performance.now() - startedAt, undefined, { signal });
  }
  return forgotten;
}
