import pg from 'pg';
import { DataSource } from 'typeorm';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { typeormOptions } from '../../src/database/database.options.js';
import { ensureDayPartitions } from '../../src/database/partitions.js';
import { PARTITIONED_TABLES } from '../../src/events/partitioned-tables.js';
import { acceptEvents } from '../../src/incoming-data/accept-statement.js';
import { readBalance } from '../../src/reconciliation/balance-statement.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

const DAY_MS = 86_400_000;
const TODAY = Math.floor(Date.now() / DAY_MS) * DAY_MS;

describe('the period of a balance', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let dataSource: DataSource;
  let accountId: string;

  beforeEach(async () => {
    accountId = uuidv4();
    database = await createTestDatabase();
    pool = new pg.Pool(database.connection);
    dataSource = await new DataSource({ ...typeormOptions(database.connection), entities: [] }).initialize();
    for (const daysAgo of [2, 1, 0])
      await ensureDayPartitions(pool, PARTITIONED_TABLES, TODAY - daysAgo * DAY_MS);
  });

  afterEach(async () => {
    await dataSource.destroy();
    await pool.end();
    await database.drop();
  });

  /** Stores an event of that millisecond with two deliveries, as accepting does; one of them is done already. */
  const acceptAt = async (msecs: number): Promise<void> => {
    const id = uuidv7({ msecs });
    const deliveries = [1, 2].map(() => ({
      id: uuidv7({ msecs: msecs + 1 }),
      destinationId: uuidv4(),
      isHeld: true,
    }));
    const event = { id, accountId, accountName: 'A', eventId: id, eventType: null, deliveries };
    await acceptEvents(pool, [{ ...event, payload: Buffer.from('{}'), bodySha256: Buffer.alloc(32) }]);
    await pool.query(
      `WITH gone AS (DELETE FROM deliveries WHERE id = $1 RETURNING *)
       INSERT INTO finished_deliveries SELECT done.* FROM gone, jsonb_populate_record(NULL::finished_deliveries,
         to_jsonb(gone) || jsonb_build_object('status', 'success', 'attempts', 1, 'processed_at', now())) done`,
      [deliveries[0]!.id],
    );
  };

  const figures = async (fromMs: number, toMs: number, account: string | null = accountId) => {
    const { events, total } = await readBalance(dataSource, { fromMs, toMs }, account);
    const { matched, delivered, held, missing, surplus } = total;
    return { events, matched, delivered, held, missing, surplus };
  };

  const keptSince = async (): Promise<number> =>
    (await readBalance(dataSource, { fromMs: 0, toMs: TODAY + DAY_MS }, null)).keptSinceMs;

  const drop = (table: string, dayMs: number) =>
    pool.query(`DROP TABLE ${table}_${new Date(dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`);

  const of = (events: number) => ({
    events,
    matched: 2 * events,
    delivered: events,
    held: events,
    missing: 0,
    surplus: 0,
  });

  it.each([
    ['within a day', TODAY - DAY_MS + 43_200_000],
    ['between two days', TODAY],
  ])('has its border to the millisecond, %s', async (_, border) => {
    for (const offset of [-2, -1, -1, 0, 1, 2]) await acceptAt(border + offset);
    expect(await figures(border, border + 10)).toEqual(of(3));
    expect(await figures(border - 10, border)).toEqual(of(3));
    expect(await figures(border - 1, border)).toEqual(of(2));
    expect(await figures(border, border + 1)).toEqual(of(1));
    expect(await figures(border - 2, border - 1)).toEqual(of(1));
    expect(await figures(border + 2, border + 3)).toEqual(of(1));
    expect(await figures(border + 3, border + 10)).toEqual(of(0));
  });

  it('ends where retention has dropped days, and then too accounts for every delivery', async () => {
    const dropped = TODAY - DAY_MS;
    // The delivery of a day's last millisecond is in the partition of the next day.
    for (const at of [TODAY - DAY_MS - 1, dropped - 43_200_000, dropped, TODAY - 1, TODAY])
      await acceptAt(at);
    const from = TODAY - 5 * DAY_MS;
    expect(await keptSince()).toBe(TODAY - 2 * DAY_MS);
    expect(await figures(from, TODAY + 1)).toEqual(of(5));
    await drop('events', TODAY - 2 * DAY_MS);
    expect(await keptSince()).toBe(dropped);
    expect(await figures(from, TODAY + 1)).toEqual(of(3));
    await drop('finished_deliveries', TODAY - 2 * DAY_MS);
    expect(await keptSince()).toBe(dropped);
    await drop('events', dropped);
    expect(await keptSince()).toBe(TODAY);
    expect(await figures(from, TODAY + 1)).toEqual(of(1));
  });

  it('begins after a day that was dropped while an older one was kept', async () => {
    for (const at of [TODAY - 2 * DAY_MS, TODAY - DAY_MS, TODAY]) await acceptAt(at);
    await drop('events', TODAY - DAY_MS);
    expect(await keptSince()).toBe(TODAY);
    expect(await figures(0, TODAY + 1)).toEqual(of(1));
  });

  it('is complete to the millisecond where both are dropped', async () => {
    for (const at of [TODAY - DAY_MS, TODAY - 2, TODAY - 1, TODAY]) await acceptAt(at);
    for (const daysAgo of [2, 1]) {
      await drop('events', TODAY - daysAgo * DAY_MS);
      await drop('finished_deliveries', TODAY - daysAgo * DAY_MS);
    }
    expect(await keptSince()).toBe(TODAY);
    expect(await figures(0, TODAY + 1)).toEqual(of(1));
  });

  it('counts rows of a day that has no partition', async () => {
    const long = TODAY - 20 * DAY_MS;
    await acceptAt(long);
    expect(await figures(long, long + 1)).toEqual(of(1));
    expect(await keptSince()).toBe(long);
  });
});
