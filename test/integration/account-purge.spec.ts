import pg from 'pg';
import { pino } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AccountPurge } from '../../src/accounts/account-purge.js';
import { DAY_MS, ensureDayPartitions } from '../../src/database/partitions.js';
import { type DeliveryPool, createDeliveryPool } from '../../src/database/pools.js';
import { PARTITIONED_TABLES } from '../../src/events/partitioned-tables.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

const DELETED = '01920000-0000-7000-8000-000000000001';
const LIVE = '01920000-0000-7000-8000-000000000002';
const TABLES = [
  'accounts',
  'account_tokens',
  'members',
  'destinations',
  'recoveries',
  'manual_log_entries',
  'search_blocks',
  'search_marks',
  'events',
  'event_keys',
  'deliveries',
  'finished_deliveries',
];

describe('purging deleted accounts', () => {
  let database: TestDatabase;
  let pools: DeliveryPool[];
  let pool: pg.Pool;
  let lines: Record<string, unknown>[];

  beforeEach(async () => {
    database = await createTestDatabase();
    pools = [];
    lines = [];
    pool = newPool();
    for (const account of [DELETED, LIVE]) await addAccount(account);
    await pool.query(`UPDATE accounts SET deleted_at = now() - interval '1 hour' WHERE id = $1`, [DELETED]);
  });

  afterEach(async () => {
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
  function newPurge(metrics = new Metrics()): AccountPurge {
    const write = (line: string) => void lines.push(JSON.parse(line));
    return new AccountPurge(newPool(), metrics, pino({ level: 'info' }, { write }));
  }

  async function addAccount(account: string): Promise<void> {
    const user = uuidv7();
    await pool.query(`INSERT INTO accounts (id, account_name) VALUES ('${account}', 'Any')`);
    await pool.query(
      `INSERT INTO users (id, email, password_hash, role) VALUES ($1::uuid, $1::text, '', 'User')`,
      [user],
    );
    await pool.query(
      `INSERT INTO members (id, account_id, user_id, email, role_name, invite_token_sha256) VALUES
         (gen_random_uuid(), $1, $2, 'a@example.com', 'Admin', NULL),
         (gen_random_uuid(), $1, NULL, 'b@example.com', 'User', $3)`,
      [account, user, Buffer.from(account)],
    );
    await pool.query(
      `INSERT INTO account_tokens (id, account_id, token_sha256, token_sealed) VALUES (gen_random_uuid(), $1, $2, '')`,
      [account, Buffer.from(account)],
    );
    await pool.query(
      `INSERT INTO destinations (id, account_id, url, headers_sealed, signing_secret_sealed)
       VALUES (gen_random_uuid(), $1, 'http://x', '', '')`,
      [account],
    );
    await pool.query(
      `INSERT INTO recoveries (id, account_id, status, from_at, to_at, is_exact)
       VALUES (gen_random_uuid(), $1, 'failed', now(), now(), true)`,
      [account],
    );
    await pool.query(
      `INSERT INTO search_blocks (account_id, id, after_id, events, filter)
       SELECT $1, gen_random_uuid(), gen_random_uuid(), 1, '' FROM generate_series(1, 2001)`,
      [account],
    );
    await pool.query(
      `INSERT INTO manual_log_entries (id, account_id, event_id, status)
       SELECT gen_random_uuid(), $1, 'x', 'failed' FROM generate_series(1, 2001)`,
      [account],
    );
    await pool.query('INSERT INTO search_marks VALUES ($1, gen_random_uuid())', [account]);
  }

  /** Events that came every minute before `untilMs`, each with its key, two log entries and an attempt of each. */
  async function addEvents(account: string, count: number, untilMs: number): Promise<void> {
    const rows = Array.from({ length: count }, (_, n) => {
      const msecs = untilMs - n * 60_000;
      const deliveries = [uuidv7({ msecs: msecs + 1 }), uuidv7({ msecs: msecs + 1 })];
      return { event: uuidv7({ msecs }), deliveries, attempt: uuidv7({ msecs: msecs + 3_600_000 }), msecs };
    });
    await pool.query(
      `INSERT INTO events (account_id, id, event_id, payload, destination_ids)
       SELECT $1, id, id::text, '{}', ARRAY[$1, $1]::uuid[] FROM unnest($2::uuid[]) AS id`,
      [account, rows.map(({ event }) => event)],
    );
    await pool.query(
      `INSERT INTO event_keys SELECT account_id, event_id, id, '' FROM events WHERE account_id = $1
       ON CONFLICT DO NOTHING`,
      [account],
    );
    for (const index of [0, 1]) {
      const values = [
        account,
        rows.map(({ event }) => event),
        rows.map(({ deliveries }) => deliveries[index]),
        rows.map(({ msecs }) => new Date(msecs + 3_600_000)),
      ];
      await pool.query(
        `INSERT INTO finished_deliveries
           (account_id, id, event, event_id, destination_id, status, attempts, origin, received_at, processed_at)
         SELECT $1, id, event, event::text, $1, 'failed', 1, 'event', at, at
         FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[]) AS d (event, id, at)`,
        values,
      );
      await pool.query(
        `INSERT INTO attempts (delivery_id, id, number, started_at, duration_ms)
         SELECT *, 1, now(), 1 FROM unnest($1::uuid[], $2::uuid[])`,
        [values[2], rows.map(({ attempt }) => attempt)],
      );
    }
  }

  const count = async (table: string, condition = 'true'): Promise<number> =>
    (await pool.query(`SELECT count(*)::integer AS count FROM ${table} WHERE ${condition}`)).rows[0].count;

  const countsOf = async (account: string): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (const table of TABLES)
      counts[table] = await count(table, `${table === 'accounts' ? 'id' : 'account_id'} = '${account}'`);
    return counts;
  };

  const nothing = Object.fromEntries(TABLES.map((table) => [table, 0]));

  it('removes every row of theirs, of many days, and no row of anybody else', async () => {
    await ensureDayPartitions(pool, PARTITIONED_TABLES, Date.now() - 3 * DAY_MS);
    for (const account of [DELETED, LIVE]) {
      await addEvents(account, 450, Date.now());
      await addEvents(account, 10, Date.now() - 30 * DAY_MS);
      await addEvents(account, 10, Math.floor(Date.now() / DAY_MS) * DAY_MS - 1);
    }
    await pool.query(
      `INSERT INTO deliveries (id, event, event_id, account_id, destination_id)
       VALUES ($1, $1, 'x', $2, $2), ($3, $3, 'x', $4, $4)`,
      [uuidv7(), DELETED, uuidv7(), LIVE],
    );
    const before = await countsOf(LIVE);
    const metrics = new Metrics();
    expect(await newPurge(metrics).apply()).toBe(1);
    expect(await countsOf(DELETED)).toEqual(nothing);
    expect(await countsOf(LIVE)).toEqual(before);
    expect(await count('attempts')).toBe(940);
    expect(lines).toMatchObject([
      { msg: 'account.purged', account_id: DELETED, events: 470, keys: 470, deliveries: 941, attempts: 940 },
    ]);
    const shown = await metrics.render();
    expect(shown).toContain('data_pusher_purged_accounts_total 1');
    expect(shown).toContain('data_pusher_purged_rows_total{of="events"} 470');
    expect(await newPurge().apply()).toBe(0);
  });

  it('removes manual log entries some at a time', async () => {
    await pool.query(`
      CREATE FUNCTION refuse_many() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF (SELECT count(*) FROM gone) > 2000 THEN RAISE 'too many at once'; END IF;
          RETURN NULL;
        END $$;
      CREATE TRIGGER refuse_many AFTER DELETE ON manual_log_entries REFERENCING OLD TABLE AS gone
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_many()`);
    expect(await newPurge().apply()).toBe(1);
    expect(await countsOf(DELETED)).toEqual(nothing);
  });

  it('waits some minutes, until every process has heard of the deletion', async () => {
    await pool.query('UPDATE accounts SET deleted_at = now() WHERE id = $1', [DELETED]);
    expect(await newPurge().apply()).toBe(0);
    expect(await count('accounts')).toBe(2);
    expect(await newPurge().apply(0)).toBe(1);
    expect(await count('accounts')).toBe(1);
  });

  it('removes log entries and keys that have outlived their events', async () => {
    await addEvents(DELETED, 300, Date.now());
    await pool.query('DELETE FROM events');
    await newPurge().apply();
    expect(await countsOf(DELETED)).toEqual(nothing);
    expect(await count('attempts')).toBe(0);
  });

  it('removes what another process ends while the last of it is removed', async () => {
    await addEvents(DELETED, 5, Date.now());
    // No statement sees what is committed after it began, or by its own triggers.
    await pool.query(`
      CREATE FUNCTION end_another() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO finished_deliveries
            (account_id, id, event, event_id, destination_id, status, attempts, origin, received_at, processed_at)
          SELECT account_id, uuidv7(), id, event_id, account_id, 'cancelled', 0, 'event', now(), now() FROM gone;
          RETURN NULL;
        END $$;
      CREATE TRIGGER end_another AFTER DELETE ON events REFERENCING OLD TABLE AS gone
        FOR EACH STATEMENT EXECUTE FUNCTION end_another()`);
    expect(await newPurge().apply()).toBe(1);
    expect(await countsOf(DELETED)).toEqual(nothing);
  });

  it('removes an event together with its deliveries, wherever it is broken off, and goes on from there', async () => {
    await addEvents(DELETED, 700, Date.now());
    const purge = newPurge();
    const broken = purge.apply().catch((error: Error) => error.name);
    await waitFor(async () => (await count('events')) < 700);
    await purge.onModuleDestroy();
    expect(await broken).toBe('AbortError');
    const left = await count('events');
    expect(left).toBeGreaterThan(0);
    expect(await count('event_keys')).toBe(left);
    expect(await count('finished_deliveries')).toBe(2 * left);
    expect(await count('attempts')).toBe(2 * left);
    expect(await count('accounts')).toBe(2);
    expect(await newPurge().apply()).toBe(1);
    expect(await countsOf(DELETED)).toEqual(nothing);
  });

  it('is done by one process at a time', async () => {
    await addEvents(DELETED, 300, Date.now());
    const runs = await Promise.all([newPurge().apply(), newPurge().apply(), newPurge().apply()]);
    expect(runs.toSorted()).toEqual([1, null, null]);
    expect(await countsOf(DELETED)).toEqual(nothing);
  });

  it('gives up soon where somebody keeps a table, and makes nobody wait', async () => {
    await addEvents(DELETED, 5, Date.now());
    const holder = new pg.Client(database.connection);
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE finished_deliveries IN SHARE MODE');
    const startedAt = performance.now();
    expect(await newPurge().apply()).toBe(0);
    expect(lines).toMatchObject([{ msg: 'account.purge_broken_off', err: { code: '55P03' } }]);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect(await count('events')).toBe(5);
    await holder.end();
    expect(await newPurge().apply()).toBe(1);
  });
});
