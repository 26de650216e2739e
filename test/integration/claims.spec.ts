import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppConfig } from '../../src/config/app-config.js';
import { readEnv } from '../../src/config/env.js';
import {
  type DeliveryPool,
  type ResultPool,
  createDeliveryPool,
  createResultPool,
} from '../../src/database/pools.js';
import { ensureDayPartitions } from '../../src/database/partitions.js';
import { PARTITIONED_TABLES } from '../../src/events/partitioned-tables.js';
import { Claims } from '../../src/delivery/claims.js';
import { testEnv, testSecrets } from '../support/app.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

const DESTINATIONS = ['a', 'b', 'c'].map((letter) => `${letter.repeat(8)}-0000-7000-8000-000000000000`);
const limits = { rooms: new Map<string, number>(), maxBytes: 1_000_000 };

describe('claiming', () => {
  let database: TestDatabase;
  let pool: DeliveryPool;
  let resultPool: ResultPool;
  let config: AppConfig;
  let claims: Claims;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createDeliveryPool(database.connection);
    resultPool = createResultPool(database.connection);
    // As the product has them: other plans than for one partition.
    await ensureDayPartitions(pool, PARTITIONED_TABLES);
  });

  beforeEach(async () => {
    await pool.query('DELETE FROM deliveries');
    config = new AppConfig(readEnv(testEnv), testSecrets, database.connection, 'test');
    claims = new Claims(pool, resultPool, config);
  });

  afterAll(async () => {
    await Promise.all([pool.end(), resultPool.end()]);
    await database.drop();
  });

  const addDue = async (
    destinationId: string,
    count: number,
    payloadBytes = 10,
    age = '1 minute',
  ): Promise<string[]> => {
    const ids = Array.from({ length: count }, () => uuidv7());
    await pool.query(
      `INSERT INTO deliveries (id, event, event_id, account_id, destination_id, payload_bytes, due_at)
       SELECT id, id, 'an-event', $2, $2, $3, now() - $4::interval FROM unnest($1::uuid[]) AS id`,
      [ids, destinationId, payloadBytes, age],
    );
    return ids;
  };

  const destinationsOf = (claimed: { destinationId: string }[]): string[] =>
    claimed.map(({ destinationId }) => destinationId).sort();

  it('takes as many as their payloads allow, and one whatever its size', async () => {
    const ids = await addDue(DESTINATIONS[0]!, 5, 60);
    expect(await claims.byId(ids, { ...limits, maxBytes: 100 }, null)).toHaveLength(2);
    expect(await claims.due(10, { ...limits, maxBytes: 1 })).toHaveLength(1);
    expect(await claims.due(10, limits)).toHaveLength(2);
    expect(await claims.due(10, limits)).toHaveLength(0);
  });

  it('takes nothing of a destination that is busy', async () => {
    const ids = [...(await addDue(DESTINATIONS[0]!, 2)), ...(await addDue(DESTINATIONS[1]!, 2))];
    const busy = { ...limits, rooms: new Map([[DESTINATIONS[0]!, 0]]) };
    expect(destinationsOf(await claims.byId(ids, busy, null))).toEqual([DESTINATIONS[1], DESTINATIONS[1]]);
    await addDue(DESTINATIONS[2]!, 1);
    expect(destinationsOf(await claims.due(10, busy))).toEqual([DESTINATIONS[2]]);
  });

  it('leaves new ones to their jobs, and takes at once what a job has left', async () => {
    const ids = await addDue(DESTINATIONS[0]!, 3, 10, '0 seconds');
    expect(await claims.due(10, limits)).toHaveLength(0);
    const busy = { ...limits, rooms: new Map([[DESTINATIONS[0]!, 0]]) };
    expect(await claims.byId(ids, busy, null)).toHaveLength(0);
    // While the destination is full, and while a walk goes on behind it, some are left still.
    expect(await claims.due(10, busy)).toHaveLength(0);
    expect(await claims.due(1, limits)).toHaveLength(1);
    expect(await claims.due(10, limits)).toHaveLength(2);
    expect(await claims.due(10, limits)).toHaveLength(0);
    // It has seen that nothing is left. What it claims then says that jobs are on their way.
    await addDue(DESTINATIONS[0]!, 1);
    expect(await claims.due(10, limits)).toHaveLength(1);
    await addDue(DESTINATIONS[0]!, 1, 10, '0 seconds');
    expect(await claims.due(10, limits)).toHaveLength(0);
  });

  it('takes new ones at once while all is quiet', async () => {
    const addNew = () => addDue(DESTINATIONS[0]!, 1, 10, '0 seconds');
    await addNew();
    expect(await claims.due(10, limits)).toHaveLength(0);
    expect(claims.hasLeftNothing).toBe(false);
    expect(await claims.due(10, limits)).toHaveLength(1);
    expect(claims.hasLeftNothing).toBe(false);
    const ids = await addNew();
    expect(await claims.due(10, limits)).toHaveLength(0);
    expect(await claims.byId(ids, limits, null)).toHaveLength(1);
    await addNew();
    expect(await claims.due(10, limits)).toHaveLength(0);
    // What this process has accepted it attempts from memory.
    claims.newLease();
    expect(await claims.due(10, limits)).toHaveLength(0);
    expect(await claims.due(10, limits)).toHaveLength(1);
    expect(await claims.due(10, limits)).toHaveLength(0);
    expect(claims.hasLeftNothing).toBe(false);
    expect(await claims.due(10, limits)).toHaveLength(0);
    expect(claims.hasLeftNothing).toBe(true);
    const full = { ...limits, rooms: new Map([[DESTINATIONS[0]!, 0]]) };
    expect(await claims.due(10, full)).toHaveLength(0);
    expect(claims.hasLeftNothing).toBe(false);
  });

  it('takes no more of a destination than it has room for', async () => {
    for (const destination of DESTINATIONS) await addDue(destination, 5);
    const rooms = new Map([
      [DESTINATIONS[0]!, 1],
      [DESTINATIONS[1]!, 2],
    ]);
    const [a, b, c] = DESTINATIONS;
    expect(destinationsOf(await claims.due(100, { ...limits, rooms }))).toEqual([a, b, b, c, c, c, c, c]);
  });

  it('takes from all in turns where the payloads of one are too large for all of it, and knows that there is more', async () => {
    await addDue(DESTINATIONS[0]!, 600, 1_000_000);
    await addDue(DESTINATIONS[1]!, 1);
    const claimed = [await claims.due(500, { ...limits, maxBytes: 3_500_000 })];
    expect(claims.isUnderWay).toBe(true);
    expect(claimed[0]).toHaveLength(4);
    claimed.push(await claims.due(500, { ...limits, maxBytes: 3_500_000 }));
    expect(destinationsOf(claimed.flat())).toContain(DESTINATIONS[1]);
  });

  it('knows that there is more of a destination that gave all it was asked for', async () => {
    for (const destination of DESTINATIONS.slice(0, 2)) await addDue(destination, 1);
    expect(await claims.due(200, limits)).toHaveLength(2);
    // So many of each are taken now that two are known of.
    await addDue(DESTINATIONS[0]!, 150);
    expect(await claims.due(200, limits)).toHaveLength(100);
    expect(claims.isUnderWay).toBe(true);
    expect(await claims.due(200, limits)).toHaveLength(50);
    expect(claims.isUnderWay).toBe(false);
  });

  it('does not count as under way when it failed', async () => {
    await addDue(DESTINATIONS[0]!, 70);
    await claims.due(70, limits);
    expect(claims.isUnderWay).toBe(true);
    await expect(claims.due(Number.NaN, limits)).rejects.toThrow('NaN');
    expect(claims.isUnderWay).toBe(false);
  });

  it('goes on with the destinations that the last walk did not come to, then begins again', async () => {
    for (const destination of DESTINATIONS) await addDue(destination, 70);
    const seen: string[][] = [];
    for (let walk = 0; walk < 4; walk++)
      seen.push([...new Set(destinationsOf(await claims.due(70, limits)))]);
    const [a, b, c] = DESTINATIONS;
    expect(seen).toEqual([[a], [b], [c], []]);
    const { rows } = await pool.query(
      'SELECT count(*)::integer AS free FROM deliveries WHERE lease_token IS NULL',
    );
    expect(rows[0].free).toBe(0);
    expect(claims.isUnderWay).toBe(false);
  });

  it('begins again with the first destinations, and next where it then came to', async () => {
    const [a, b, c] = DESTINATIONS as [string, string, string];
    for (const destination of [a, b, c]) await addDue(destination, 100);
    const walk = async (): Promise<Record<string, number>> => {
      const claimed = destinationsOf(await claims.due(100, limits));
      return Object.fromEntries([a, b, c].map((id) => [id, claimed.filter((one) => one === id).length]));
    };
    expect(await walk()).toEqual({ [a]: 100, [b]: 0, [c]: 0 });
    await addDue(a, 200);
    expect(await walk()).toEqual({ [a]: 0, [b]: 100, [c]: 0 });
    await addDue(b, 200);
    expect(await claims.due(150, limits)).toHaveLength(150);
    // So many of each, as two were seen last.
    expect(await walk()).toEqual({ [a]: 36, [b]: 64, [c]: 0 });
  });

  it('gives each delivery to one of many who claim at once, while others give theirs back', async () => {
    const ids = await addDue(DESTINATIONS[0]!, 300);
    await pool.query(
      `INSERT INTO events (id, account_id, event_id, payload, destination_ids)
       SELECT id, $2, id::text, '{}', '{}' FROM unnest($1::uuid[]) AS id`,
      [ids, DESTINATIONS[0]],
    );
    const held = new Set<string>();
    let total = 0;
    const claimAndGiveBack = async (): Promise<void> => {
      const own = new Claims(pool, resultPool, config);
      for (let round = 0; round < 60; round++) {
        const claimed = await (round % 2 === 0
          ? own.due(40, limits)
          : own.byId(ids.slice(round, round + 40), limits, null));
        expect(claimed.filter(({ id }) => held.has(id))).toEqual([]);
        for (const { id, payload } of claimed) {
          held.add(id);
          expect(payload?.toString()).toBe('{}');
        }
        total += claimed.length;
        await pool.query('SELECT 1');
        const given = claimed.map(({ id }) => id);
        for (const id of given) held.delete(id);
        await own.release(claimed[0]?.leaseToken ?? uuidv7(), given);
      }
    };
    await Promise.all(Array.from({ length: 8 }, claimAndGiveBack));
    expect(total).toBeGreaterThan(ids.length);
    const { rows } = await pool.query(
      'SELECT count(*)::integer AS free FROM deliveries WHERE lease_token IS NULL',
    );
    expect(rows[0].free).toBe(ids.length);
  });
});
