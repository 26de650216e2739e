import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TimelyClient } from '../../src/database/timely-client.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

const LIMIT_MS = 300;
const FOREVER = 'SELECT pg_sleep(60)';

describe('a client with a limit for its queries', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    const Client = TimelyClient as unknown as new () => pg.ClientBase;
    pool = new pg.Pool({ ...database.connection, max: 1, query_timeout: LIMIT_MS, Client });
    pool.on('error', () => undefined);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('answers in every way that it can be asked', async () => {
    const answered = new Promise((resolve, reject) =>
      pool.query('SELECT $1::text AS one', ['1'], (error, result) =>
        error ? reject(error) : resolve(result.rows),
      ),
    );
    expect(await answered).toEqual([{ one: '1' }]);
    expect((await pool.query({ text: 'SELECT $1::text AS one', values: ['2'] })).rows).toEqual([
      { one: '2' },
    ]);
    const client = await pool.connect();
    expect((await client.query('SELECT 3 AS one')).rows).toEqual([{ one: 3 }]);
    await expect(client.query('SELECT nothing')).rejects.toMatchObject({
      code: '42703',
      stack: expect.stringContaining('timely-client.ts'),
    });
    client.release();
  });

  it('gives up in time, and the pool goes on with another connection', async () => {
    const startedAt = performance.now();
    await expect(pool.query(FOREVER)).rejects.toThrow('Query read timeout');
    expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS * 10);
    const client = await pool.connect();
    await expect(client.query(FOREVER)).rejects.toThrow('Query read timeout');
    client.release(true);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('never sends what had to wait for too long', async () => {
    const client = await pool.connect();
    const slow = client.query('SELECT pg_sleep(1)');
    const waiting = client.query('CREATE TABLE too_late ()');
    await expect(slow).rejects.toThrow('Query read timeout');
    await expect(waiting).rejects.toThrow('Query read timeout');
    // Its answer comes, and the connection would go on.
    await once(client, 'drain');
    client.release(true);
    const { rows } = await pool.query(`SELECT to_regclass('too_late') AS made`);
    expect(rows).toEqual([{ made: null }]);
  });

  it('leaves nothing of what it read to whole collections', async () => {
    let leftBytes = 0;
    for (let time = 0; time < 20; time++) {
      const before = oldBytes();
      await pool.query(`SELECT repeat('x', 1000) FROM generate_series(1, 1000)`);
      await turn();
      // What is in use after the second is taken for long-lived.
      collectYoung();
      collectYoung();
      leftBytes += Math.max(0, oldBytes() - before);
    }
    // Half of what was read.
    expect(leftBytes).toBeLessThan(10_000_000);
  });
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
const collectYoung = (): void => collect({ type: 'minor' });

const oldBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')!.space_used_size;
