import pg, { type Pool, type PoolClient } from 'pg';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppConfig } from '../../src/config/app-config.js';
import { readEnv } from '../../src/config/env.js';
import { type DeliveryPool, createDeliveryPool, createResultPool } from '../../src/database/pools.js';
import { Claims } from '../../src/delivery/claims.js';
import { type DeliveryResult, recordResults } from '../../src/delivery/result-statement.js';
import { testEnv, testSecrets } from '../support/app.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

/** PostgreSQL plans a prepared statement so often for its values; then it may keep a plan for all of them. */
const TIMES = 6;
const MANY = 5000;

describe('a statement that was prepared while there was nothing', () => {
  let database: TestDatabase;
  let writer: Pool;
  const account = uuidv7();
  const destination = uuidv7();

  beforeAll(async () => {
    database = await createTestDatabase();
    writer = new pg.Pool(database.connection);
  });
  beforeEach(() => writer.query('TRUNCATE deliveries'));
  afterAll(async () => {
    await writer.end();
    await database.drop();
  });

  const on = async (pool: Pool, work: (client: PoolClient) => Promise<void>): Promise<void> => {
    const client = await pool.connect();
    try {
      await work(client);
    } finally {
      client.release();
      await pool.end();
    }
  };

  /** How many rows of a table a connection reads for `work`, whatever the plan; what it changes is undone. */
  const rowsRead = async (client: PoolClient, table: string, work: () => Promise<void>): Promise<number> => {
    const soFar = async (): Promise<number> => {
      const { rows } = await client.query(
        'SELECT (seq_tup_read + idx_tup_fetch)::integer AS read FROM pg_stat_xact_user_tables WHERE relname = $1',
        [table],
      );
      return rows[0].read;
    };
    await client.query('BEGIN');
    const before = await soFar();
    await work();
    const read = (await soFar()) - before;
    await client.query('ROLLBACK');
    return read;
  };

  const addDue = async (count: number, leaseToken: string | null = null): Promise<string[]> => {
    const ids = Array.from({ length: count }, () => uuidv7());
    await writer.query(
      `INSERT INTO deliveries (id, event, event_id, account_id, destination_id, payload_bytes, due_at, lease_token, lease_until)
       SELECT id, id, 'an-event', $2, $3, 10, now() - interval '1 minute', $4, now() + interval '1 minute'
       FROM unnest($1::uuid[]) AS id`,
      [ids, account, destination, leaseToken],
    );
    return ids;
  };

  it('claims without reading more of a backlog than it takes', () =>
    on(createDeliveryPool(database.connection), async (client) => {
      const config = new AppConfig(readEnv(testEnv), testSecrets, database.connection, 'test');
      const claims = new Claims(client as unknown as DeliveryPool, client as never, config);
      const limits = { rooms: new Map<string, number>(), maxBytes: 1_000_000 };
      for (let time = 0; time < TIMES; time++) {
        await claims.due(100, limits);
        await claims.byId([uuidv7()], limits, null);
      }
      const [named] = await addDue(MANY);
      const read = await rowsRead(client, 'deliveries', async () => {
        expect(await claims.byId([named!], limits, null)).toHaveLength(1);
        expect(await claims.due(100, limits)).toHaveLength(100);
      });
      expect(read).toBeLessThan(MANY / 10);
    }));

  it('records results without reading other deliveries', () =>
    on(createResultPool(database.connection), async (client) => {
      const result = (
        deliveryId: string,
        leaseToken: string,
        next: DeliveryResult['next'],
      ): DeliveryResult => ({
        deliveryId,
        leaseToken,
        next,
        attempts: 1,
        delayMs: 0,
        reason: null,
        attempt: null,
      });
      for (let time = 0; time < TIMES; time++)
        await recordResults(client, [result(uuidv7(), uuidv4(), 'cancelled')]);
      const lease = uuidv4();
      const ids = await addDue(MANY, lease);
      const read = await rowsRead(client, 'deliveries', async () => {
        const nexts = ['cancelled', 'retry', 'release'] as const;
        const results = nexts.map((next, index) => result(ids[index]!, lease, next));
        expect(await recordResults(client, results)).toEqual([true, true, true]);
      });
      expect(read).toBeLessThan(MANY / 10);
    }));
});
