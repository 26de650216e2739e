import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppConfig } from '../../src/config/app-config.js';
import { readEnv } from '../../src/config/env.js';
import { createDeliveryPool, withClient } from '../../src/database/pools.js';
import type { DeliveryPool, ResultPool } from '../../src/database/pools.js';
import { ensureDayPartitions } from '../../src/database/partitions.js';
import { Claims } from '../../src/delivery/claims.js';
import { PARTITIONED_TABLES } from '../../src/events/partitioned-tables.js';
import { testEnv, testSecrets } from '../support/app.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

const DESTINATIONS = ['a', 'b', 'c'].map((letter) => `${letter.repeat(8)}-0000-7000-8000-000000000000`);

let database: TestDatabase;
let pool: DeliveryPool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createDeliveryPool(database.connection);
  // As the product has them: other plans than for one partition.
  await ensureDayPartitions(pool, PARTITIONED_TABLES);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

it('a claim reads the payload of an event once, for all its deliveries', async () => {
  const [first, second, removed] = [uuidv7(), uuidv7(), uuidv7()];
  const payload = Buffer.alloc(20_000, 'ż');
  await pool.query(
    `INSERT INTO events (id, account_id, event_id, payload, destination_ids)
     SELECT id, $2, id::text, $3, '{}' FROM unnest($1::uuid[]) AS id`,
    [[first, second], DESTINATIONS[0], payload],
  );
  await pool.query(
    `INSERT INTO events (id, account_id, event_id, payload, destination_ids)
     SELECT id, $2, id::text, '{}', '{}' FROM unnest($1::uuid[]) AS id`,
    [Array.from({ length: 300 }, () => uuidv7()), DESTINATIONS[0]],
  );
  await pool.query(
    `INSERT INTO deliveries (id, event, event_id, account_id, destination_id, payload_bytes, due_at)
     SELECT gen_random_uuid(), event, 'an-event', $2, destination, 20000, now() - interval '1 minute'
     FROM unnest($1::uuid[]) AS event, unnest($3::uuid[]) AS destination`,
    [[first, second, removed], DESTINATIONS[0], DESTINATIONS],
  );
  const { claimed, read } = await withClient(pool, async (client) => {
    await client.query('BEGIN');
    const config = new AppConfig(readEnv(testEnv), testSecrets, database.connection, 'test');
    const claims = new Claims(client as unknown as DeliveryPool, client as unknown as ResultPool, config);
    const taken = await claims.due(100, { rooms: new Map(), maxBytes: 1_000_000 });
    const { rows } = await client.query(
      `SELECT sum(seq_tup_read + idx_tup_fetch)::integer AS read FROM pg_stat_xact_user_tables
       WHERE relname ~ '^events_'`,
    );
    await client.query('ROLLBACK');
    return { claimed: taken, read: rows[0].read };
  });
  expect(read).toBe(2);
  const payloadsOf = (event: string) =>
    claimed.filter((one) => one.event === event).map((one) => one.payload);
  expect(payloadsOf(removed)).toEqual([null, null, null]);
  for (const event of [first, second]) {
    const [one, ...others] = payloadsOf(event);
    expect(one).toEqual(payload);
    expect(others).toHaveLength(2);
    for (const other of others) expect(other).toBe(one);
  }
});
