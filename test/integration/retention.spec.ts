import pg from 'pg';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppConfig } from '../../src/config/app-config.js';
import { readEnv } from '../../src/config/env.js';
import { typeormOptions } from '../../src/database/database.options.js';
import { DAY_MS, ensureDayPartitions } from '../../src/database/partitions.js';
import { type DeliveryPool, createDeliveryPool } from '../../src/database/pools.js';
import { DeliveryRows } from '../../src/events/delivery-rows.js';
import { PARTITIONED_TABLES } from '../../src/events/partitioned-tables.js';
import { RetentionKeeper } from '../../src/events/retention-keeper.js';
import { RetentionRun } from '../../src/events/retention-run.js';
import { testEnv, testSecrets } from '../support/app.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

const ACCOUNT = '01920000-0000-7000-8000-000000000001';
const NOON = Date.UTC(2030, 0, 10, 12);
const HOUR_MS = 3_600_000;
const PERIODS = { PAYLOAD_RETENTION_DAYS: '2', RETENTION_DAYS: '5', DEDUP_DAYS: '8' };
const BODY = 'events_20300110';
const BLOCKS = 'search_blocks_20300110';
const LOG = ['finished_deliveries_20300110', 'attempts_20300110'];
const DAY = [BODY, BLOCKS, ...LOG];

let database: TestDatabase;
let dataSource: DataSource;
let pools: DeliveryPool[];
let pool: pg.Pool;

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource(typeormOptions(database.connection)).initialize();
  pools = [];
  pool = newPool();
  await ensureDayPartitions(pool, PARTITIONED_TABLES, NOON);
});

afterEach(async () => {
  await dataSource.destroy();
  await Promise.all(pools.map((each) => each.end()));
  await database.drop();
});

function newPool(): DeliveryPool {
  const created = createDeliveryPool(database.connection);
  created.on('error', () => undefined);
  pools.push(created);
  return created;
}

/** The keeper of a process, with connections of its own. */
function newKeeper(env: Record<string, string> = PERIODS): RetentionKeeper {
  const config = new AppConfig(readEnv({ ...testEnv, ...env }), testSecrets, database.connection, '0');
  return new RetentionKeeper(newPool(), new DeliveryRows(dataSource), config, pino({ level: 'silent' }));
}

/** An event of `timeMs` with its key and, where it is done, its log; else with an open delivery. */
async function addEvent(timeMs: number, { isOpen = false } = {}): Promise<string> {
  const [event, delivery] = [uuidv7({ msecs: timeMs }), uuidv7({ msecs: timeMs + 1 })];
  await pool.query(`INSERT INTO events (account_id, id, event_id, payload, destination_ids)
    VALUES ('${ACCOUNT}', '${event}', '${event}', '{}', '{}')`);
  await pool.query(`INSERT INTO search_blocks (account_id, id, after_id, events, filter)
    VALUES ('${ACCOUNT}', '${event}', '${event}', 1, '')`);
  await pool.query(`INSERT INTO event_keys VALUES ('${ACCOUNT}', '${event}', '${event}', '')`);
  if (isOpen)
    await pool.query(`INSERT INTO deliveries (id, event, account_id, destination_id, event_id, status, due_at)
      VALUES ('${delivery}', '${event}', '${ACCOUNT}', '${ACCOUNT}', '${event}', 'held', 'infinity')`);
  else
    await pool.query(`INSERT INTO finished_deliveries
        (account_id, id, event, event_id, status, attempts, origin, received_at)
      VALUES ('${ACCOUNT}', '${delivery}', '${event}', '${event}', 'success', 1, 'event', now())`);
  await pool.query(`INSERT INTO attempts (delivery_id, id, number, started_at, duration_ms)
    VALUES ('${delivery}', '${uuidv7({ msecs: timeMs + 2 })}', 1, now(), 1)`);
  return event;
}

async function count(table: string): Promise<number> {
  const { rows } = await pool.query(`SELECT count(*)::integer AS count FROM ${table}`);
  return rows[0].count;
}

/** Somebody who read the events and went to lunch. */
async function startIdleReader(): Promise<pg.Client> {
  const reader = new pg.Client(database.connection);
  await reader.connect();
  await reader.query('BEGIN');
  await reader.query('SELECT count(*) FROM events');
  return reader;
}

describe('retention', () => {
  it('removes bodies, then logs, then event ids, each after its own period', async () => {
    await addEvent(NOON);
    const keeper = newKeeper();
    const lastSeen: Record<string, number> = {};
    for (let day = 0; day <= 10; day++) {
      for (let hour = 0; hour < 24; hour++) await keeper.apply(NOON + day * DAY_MS + hour * HOUR_MS);
      for (const table of [...PARTITIONED_TABLES, 'event_keys'])
        if ((await count(table)) === 1) lastSeen[table] = day;
    }
    // Runs go from noon to 11 in the morning; a day is over at midnight, twelve hours into the run of a day.
    expect(lastSeen).toEqual({
      events: 1,
      search_blocks: 1,
      finished_deliveries: 4,
      attempts: 4,
      event_keys: 7,
    });
  });

  it('removes nothing that is to be kept for ever', async () => {
    await addEvent(NOON);
    const keeper = newKeeper({ RETENTION_DAYS: 'forever' });
    for (let hour = 0; hour < 24; hour++) await keeper.apply(NOON + 3650 * DAY_MS + hour * HOUR_MS);
    for (const table of [...PARTITIONED_TABLES, 'event_keys']) expect(await count(table)).toBe(1);
  });

  it('keeps the body of what is still to be delivered as long as the log', async () => {
    await addEvent(NOON, { isOpen: true });
    const report = await newKeeper().apply(NOON + 5 * DAY_MS);
    expect(report).toMatchObject({
      dropped: ['events_20300111', 'events_20300112', 'search_blocks_20300111', 'search_blocks_20300112'],
      kept: [BODY, BLOCKS],
      cancelled: 0,
    });
    expect(await count('deliveries')).toBe(1);
    expect(await count('events')).toBe(1);
  });

  it('cancels with a reason what is open even then, and shows that for another day', async () => {
    await addEvent(NOON, { isOpen: true });
    const keeper = newKeeper();
    const report = await keeper.apply(NOON + 6 * DAY_MS);
    expect(report).toMatchObject({ dropped: expect.arrayContaining([BODY]), kept: LOG, cancelled: 1 });
    expect(await count('deliveries')).toBe(0);
    const { rows } = await pool.query('SELECT status, last_error FROM finished_deliveries');
    expect(rows).toEqual([
      { status: 'cancelled', last_error: expect.stringMatching(/within 5 days \(RETENTION_DAYS\)/) },
    ]);
    expect(await keeper.apply(NOON + 7 * DAY_MS + 1)).toMatchObject({
      dropped: expect.arrayContaining(LOG),
      kept: [],
    });
  });

  it('cancels any number of them in bounded batches', async () => {
    await addEvent(NOON, { isOpen: true });
    const ids = Array.from({ length: 2500 }, () => uuidv7({ msecs: NOON + 1 }));
    await pool.query(
      `INSERT INTO deliveries (id, event, account_id, destination_id, event_id)
       SELECT unnest($1::uuid[]), event, account_id, destination_id, event_id FROM deliveries`,
      [ids],
    );
    expect(await newKeeper().apply(NOON + 6 * DAY_MS)).toMatchObject({ cancelled: 2501 });
    expect(await count('finished_deliveries')).toBe(2501);
  });

  it('removes rows of days without a partition by their age', async () => {
    const [old, fresh] = [NOON - 20 * DAY_MS, NOON - DAY_MS];
    await addEvent(old);
    const wanted = await addEvent(fresh, { isOpen: true });
    await addEvent(fresh);
    expect(await count('events_default')).toBe(3);
    expect(await newKeeper().apply(NOON)).toMatchObject({ rows: 4 });
    expect(await count('events_default')).toBe(2);
    await newKeeper().apply(NOON + 3 * DAY_MS);
    expect((await pool.query('SELECT id FROM events_default')).rows).toEqual([{ id: wanted }]);
    expect(await count('finished_deliveries_default')).toBe(1);
  });

  it('keeps no insert waiting longer than 350 ms behind somebody who reads, and drops once they are gone', async () => {
    await addEvent(NOON);
    const reader = await startIdleReader();
    const client = await pool.connect();
    const periods = { payloadDays: 2, logDays: 5, dedupDays: 8 };
    const run = () =>
      new RetentionRun({
        client,
        deliveries: new DeliveryRows(dataSource),
        periods,
        nowMs: NOON + 4 * DAY_MS,
        signal: new AbortController().signal,
        retryMs: 20,
      }).run();
    const over = new AbortController();
    const running = run().finally(() => over.abort());
    const waits: number[] = [];
    while (!over.signal.aborted) {
      const startedAt = performance.now();
      await addEvent(NOON + 4 * DAY_MS);
      waits.push(performance.now() - startedAt);
    }
    expect(await running).toMatchObject({ dropped: [], busy: [BODY] });
    expect(Math.max(...waits)).toBeGreaterThan(100);
    expect(Math.max(...waits)).toBeLessThan(350);
    await reader.end();
    expect(await run()).toMatchObject({
      dropped: [BODY, 'events_20300111', BLOCKS, 'search_blocks_20300111'],
      busy: [],
    });
    client.release();
  });

  it('is applied by one process at a time', async () => {
    await addEvent(NOON);
    const reader = await startIdleReader();
    const [one, other] = [newKeeper(), newKeeper()];
    const first = one.apply(NOON + 6 * DAY_MS);
    await waitFor(isWaitingForReader);
    expect(await other.apply(NOON + 6 * DAY_MS)).toBeNull();
    await reader.end();
    expect((await first)!.dropped).toEqual(expect.arrayContaining(DAY));
    expect(await other.apply(NOON + 6 * DAY_MS)).toMatchObject({ dropped: [] });
  });

  it('is finished by the next run where one was killed in the middle', async () => {
    await addEvent(NOON);
    const reader = await startIdleReader();
    const killed = newKeeper()
      .apply(NOON + 6 * DAY_MS)
      .catch((error: Error) => error.message);
    await waitFor(isWaitingForReader);
    await reader.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted`);
    expect(await killed).toMatch(/terminat/);
    await reader.end();
    expect(await count(BODY)).toBe(1);
    expect((await newKeeper().apply(NOON + 6 * DAY_MS))!.dropped).toEqual(expect.arrayContaining(DAY));
  });
});

async function isWaitingForReader(): Promise<boolean> {
  return (await count("pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'")) > 0;
}
