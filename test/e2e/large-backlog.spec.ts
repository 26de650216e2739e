import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { BATCH, settle, unmark } from '../../src/events/settling.js';
import { SETTLING_LOCK_KEY, SettlingKeeper } from '../../src/events/settling-keeper.js';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
} from '../support/factories.js';
import { waitFor } from '../support/wait-for.js';

const BACKLOG = 2 * BATCH + 500;

/** Nothing delivers here: whatever becomes of a delivery is the doing of the API alone. */
describe('a backlog that is too large for one request', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let destinationId: string;
  /** Holds the lock of the keeper, as a process does that settles, or one that hangs. */
  let keeper: pg.Client;

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
    keeper = new pg.Client(app.config.database);
    await keeper.connect();
  });

  beforeEach(async () => {
    account = await createAccount(app, admin);
    destinationId = (await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/' })).id;
    await keeper.query('SELECT pg_advisory_lock($1)', [SETTLING_LOCK_KEY]);
  });

  afterEach(() => keeper.query('SELECT pg_advisory_unlock_all()'));

  afterAll(async () => {
    await keeper.end();
    await app.close();
  });

  /** It has looked before and found the lock taken. */
  const letKeeperWork = async (): Promise<void> => {
    await keeper.query('SELECT pg_advisory_unlock_all()');
  };

  const backlog = (status: 'pending' | 'retrying' | 'held', count = BACKLOG) =>
    app.dataSource.query(
      `INSERT INTO deliveries (id, event, account_id, destination_id, event_id, status, due_at, attempts)
       SELECT gen_random_uuid(), $1, $2, $3, 'e', $4, CASE WHEN $4 = 'held' THEN 'infinity' ELSE now() END, $5
       FROM generate_series(1, $6)`,
      [uuidv7(), account.id, destinationId, status, status === 'retrying' ? 1 : 0, count],
    );

  const open = async (): Promise<Record<string, number>> => {
    const rows: { status: string; count: number }[] = await app.dataSource.query(
      'SELECT status, count(*)::integer AS count FROM deliveries WHERE destination_id = $1 GROUP BY status',
      [destinationId],
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  };

  const finished = async (): Promise<{ status: string; last_error: string; count: number }[]> =>
    app.dataSource.query(
      `SELECT status, last_error, count(*)::integer AS count FROM finished_deliveries
       WHERE account_id = $1 GROUP BY status, last_error`,
      [account.id],
    );

  const isMarked = async (table: 'accounts' | 'destinations', id: string): Promise<boolean> => {
    const sql = `SELECT settling_until IS NOT NULL AS marked FROM ${table} WHERE id = $1`;
    return (await app.dataSource.query(sql, [id]))[0].marked;
  };

  const post = async (action: string): Promise<void> => {
    const path = `/accounts/${account.id}/destinations/${destinationId}/${action}`;
    expect((await app.call('POST', path, { token: admin.token })).status).toBe(200);
  };

  const becomes = (expected: Record<string, number>) =>
    waitFor(async () => JSON.stringify(await open()) === JSON.stringify(expected), {
      // Less than a keeper rests that has nothing to do.
      timeoutMs: 7000,
      what: JSON.stringify(expected),
    });

  it('is looked after again soon where another process is at it, and at leisure where nothing is left', async () => {
    await post('pause');
    const ours = app.app.get(SettlingKeeper);
    expect(await ours['tryPass']()).toBe(true);
    await letKeeperWork();
    await waitFor(async () => !(await ours['tryPass']()));
  });

  it('is due again a batch at a time after the destination was resumed', async () => {
    await post('pause');
    await backlog('held');
    await post('resume');
    expect(await open()).toEqual({ held: BACKLOG - BATCH, pending: BATCH });
    await letKeeperWork();
    await becomes({ pending: BACKLOG });
    const [{ late }] = await app.dataSource.query(
      'SELECT count(*)::integer AS late FROM deliveries WHERE destination_id = $1 AND due_at > now()',
      [destinationId],
    );
    expect(late).toBe(0);
  });

  it('is held a batch at a time after the destination was paused, except what is under way', async () => {
    await backlog('retrying');
    await app.dataSource.query(
      `UPDATE deliveries SET lease_token = $2, lease_until = now() + interval '1 hour'
       WHERE id IN (SELECT id FROM deliveries WHERE destination_id = $1 ORDER BY due_at LIMIT 3)`,
      [destinationId, randomUUID()],
    );
    await post('pause');
    expect(await open()).toEqual({ held: BATCH, retrying: BACKLOG - BATCH });
    await letKeeperWork();
    await becomes({ held: BACKLOG - 3, retrying: 3 });
  });

  it('stays held when the destination is paused again before all of it is due', async () => {
    await post('pause');
    await backlog('held');
    await post('resume');
    expect(await open()).toEqual({ held: BACKLOG - BATCH, pending: BATCH });
    await post('pause');
    await letKeeperWork();
    await becomes({ held: BACKLOG });
  });

  it('is cancelled a batch at a time after the destination was deleted', async () => {
    await backlog('pending');
    await backlog('held', 10);
    const path = `/accounts/${account.id}/destinations/${destinationId}`;
    expect((await app.call('DELETE', path, { token: admin.token })).status).toBe(204);
    expect(await open()).toEqual({ held: 10, pending: BACKLOG - BATCH });
    await letKeeperWork();
    await becomes({});
    const reason = 'The destination was deleted.';
    expect(await finished()).toEqual([{ status: 'cancelled', last_error: reason, count: BACKLOG + 10 }]);
  });

  it('is cancelled a batch at a time after the account was deleted, and ingest is refused at once', async () => {
    await backlog('pending');
    expect((await app.call('DELETE', `/accounts/${account.id}`, { token: admin.token })).status).toBe(204);
    const headers = { 'cl-x-token': account.app_secret_token };
    expect((await app.call('POST', '/server/incoming_data', { body: {}, headers })).status).toBe(401);
    expect(await open()).toEqual({ pending: BACKLOG - BATCH });
    await letKeeperWork();
    await becomes({});
    const reason = 'The account was deleted.';
    expect(await finished()).toEqual([{ status: 'cancelled', last_error: reason, count: BACKLOG }]);
  });

  it('is looked after until every process has heard of the change, and no longer', async () => {
    await post('pause');
    await post('resume');
    await letKeeperWork();
    // Of a process that still believed in the pause.
    await backlog('held', 5);
    await becomes({ pending: 5 });
    expect(await isMarked('destinations', destinationId)).toBe(true);
    await app.dataSource.query(`UPDATE destinations SET settling_until = now() - interval '1 second'`);
    await waitFor(async () => !(await isMarked('destinations', destinationId)));
  });

  it('is not forgotten when somebody held the destination at the last look', async () => {
    await post('pause');
    await post('resume');
    await backlog('held', 5);
    await app.dataSource.query(`UPDATE destinations SET settling_until = now() - interval '1 second'`);
    // As the keeper does, while somebody rotates the secret.
    await keeper.query('BEGIN');
    await keeper.query('SELECT FROM destinations WHERE id = $1 FOR UPDATE', [destinationId]);
    expect(await app.dataSource.query(settle.due, [destinationId, BATCH])).toEqual([{ count: 0 }]);
    await keeper.query('COMMIT');
    await app.dataSource.query(unmark('destinations', 'due'), [destinationId]);
    await letKeeperWork();
    await becomes({ pending: 5 });
  });

  it('waits for no other one that cannot be settled', async () => {
    const [first, stuck, last] = await Promise.all(
      [1, 2, 3].map(
        async () => (await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/' })).id,
      ),
    );
    await app.dataSource.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
       CREATE TRIGGER refuse BEFORE UPDATE ON deliveries FOR EACH ROW
       WHEN (OLD.destination_id = '${stuck}') EXECUTE FUNCTION refuse()`,
    );
    for (const id of [first!, stuck!, last!]) {
      destinationId = id;
      await post('pause');
      await post('resume');
      await backlog('held', 5);
    }
    await letKeeperWork();
    for (const id of [first!, last!]) {
      destinationId = id;
      await becomes({ pending: 5 });
    }
    destinationId = stuck!;
    expect(await open()).toEqual({ held: 5 });
    await app.dataSource.query('DROP TRIGGER refuse ON deliveries; DROP FUNCTION refuse');
    await letKeeperWork();
    await becomes({ pending: 5 });
  });
});
