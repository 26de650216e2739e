import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { retryDeadlock } from '../../src/database/retry-deadlock.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool(database.connection);
  await pool.query('CREATE TABLE numbers AS SELECT n FROM generate_series(1, 2) AS n');
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

function newSignal() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

/** Locks both rows, the second once `other` has locked its first. */
async function lockBoth([first, second]: number[], mine: () => void, other: Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM numbers WHERE n = $1 FOR UPDATE', [first]);
    mine();
    await other;
    await client.query('SELECT FROM numbers WHERE n = $1 FOR UPDATE', [second]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

it('a transaction that waited for another one which waited for it is run again', async () => {
  const [one, two] = [newSignal(), newSignal()];
  let tries = 0;
  const both = [
    retryDeadlock(() =>
      lockBoth(
        [1, 2],
        () => {
          tries++;
          one.resolve();
        },
        two.promise,
      ),
    ),
    retryDeadlock(() =>
      lockBoth(
        [2, 1],
        () => {
          tries++;
          two.resolve();
        },
        one.promise,
      ),
    ),
  ];
  await Promise.all(both);
  // Once more each at least by one of them; who is run again may meet the other a second time.
  expect(tries).toBeGreaterThan(2);
});

it('any other error is told at once', async () => {
  let tries = 0;
  const failing = retryDeadlock(() => {
    tries++;
    return pool.query('SELECT nothing');
  });
  await expect(failing).rejects.toThrow('nothing');
  expect(tries).toBe(1);
});
