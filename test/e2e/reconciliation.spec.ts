import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
  unlimited,
} from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

interface Balance {
  matched_deliveries: number;
  delivered: number;
  pending: number;
  retrying: number;
  held: number;
  failed: number;
  cancelled: number;
  balanced: boolean;
  difference: number;
  missing: number;
  surplus: number;
}

interface Reconciliation extends Balance {
  from: string;
  to: string;
  complete_since: string | null;
  accepted_events: number;
  others: { origin: string; delivered: number; pending: number; retrying: number }[];
  destinations: (Balance & { destination_id: string; url: string })[];
}

interface EventState {
  event_id: string;
  state: string;
  account_id: string | null;
  id: string | null;
  accepted_at: string | null;
  body_sha256: string | null;
  destinations: string[] | null;
  counts: Record<string, number> | null;
  others: Record<string, number> | null;
}

describe('reconciliation', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    account = await newAccount();
    receiver = await startReceiver();
  });

  afterEach(() => receiver.close());
  afterAll(() => app?.close());

  async function newAccount(): Promise<TestAccount> {
    const created = await createAccount(app, admin);
    await unlimited(app, admin, created);
    return created;
  }

  const destination = async (body: object = {}): Promise<string> =>
    (await createDestination(app, admin, account, { url: `${receiver.url}/hook`, ...body })).id;

  const send = async (eventId: string, body = '{"n":1}', sender = account): Promise<void> => {
    const answer = await app.call('POST', '/server/incoming_data', {
      raw: body,
      headers: { 'cl-x-token': sender.app_secret_token, 'cl-x-event-id': eventId },
    });
    expect(answer.status).toBe(202);
  };

  const reconcile = async (query = '', path = `/accounts/${account.id}`): Promise<Reconciliation> => {
    const answer = await app.call('GET', `${path}/reconciliation${query}`, { token: admin.token });
    expect(answer).toMatchObject({ status: 200 });
    return answer.body;
  };

  const statesOf = async (eventIds: string[], path = `/accounts/${account.id}`): Promise<EventState[]> => {
    const answer = await app.call('POST', `${path}/reconciliation`, {
      token: admin.token,
      body: { event_ids: eventIds },
    });
    expect(answer).toMatchObject({ status: 200 });
    return answer.body.data;
  };

  const change = (id: string, action: string) =>
    app.call('POST', `/accounts/${account.id}/destinations/${id}/${action}`, { token: admin.token });

  const counted = ({ delivered, pending, retrying, held, failed, cancelled }: Balance): number =>
    delivered + pending + retrying + held + failed + cancelled;

  const settled = () =>
    waitFor(async () => {
      const { pending, retrying } = await reconcile();
      return pending + retrying === 0;
    });

  it('counts what was accepted, matched and came of it, and by destination what is not delivered first', async () => {
    const failing = await startReceiver(() => 500);
    const good = await destination({ event_types: ['a'] });
    const bad = await destination({ url: failing.url });
    const paused = await destination({ event_types: ['b'] });
    await change(paused, 'pause');
    for (const [id, type] of [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'c'],
    ])
      await send(id!, JSON.stringify({ event_type: type }));
    await settled();
    const before = await reconcile();
    expect(before).toMatchObject({
      account_id: account.id,
      accepted_events: 3,
      matched_deliveries: 5,
      delivered: 1,
      pending: 0,
      retrying: 0,
      held: 1,
      failed: 3,
      cancelled: 0,
      balanced: true,
      difference: 0,
      missing: 0,
      surplus: 0,
      others: [],
    });
    expect(before.destinations.map((one) => [one.destination_id, one.matched_deliveries])).toEqual([
      [bad, 3],
      [paused, 1],
      [good, 1],
    ]);
    expect(before.destinations[0]).toMatchObject({ failed: 3, balanced: true, url: failing.url });
    await app.call('DELETE', `/accounts/${account.id}/destinations/${paused}`, { token: admin.token });
    expect(await reconcile()).toMatchObject({ held: 0, cancelled: 1, balanced: true });
    await failing.close();
  });

  it('balances at every moment while events arrive, fail, wait, are replayed, cancelled and delivered', async () => {
    receiver.answer((_request, index) => (index % 3 === 0 ? 500 : 200));
    const steady = await destination();
    const [toggled, doomed] = [await destination(), await destination()];
    const rounds = 12;
    const load = async () => {
      for (let round = 0; round < rounds; round++) {
        await Promise.all(Array.from({ length: 25 }, (_, n) => send(`load-${round}-${n}`)));
        await change(toggled, round % 2 === 0 ? 'pause' : 'resume');
        await replay(`load-${round}-0`, steady);
        if (round === rounds / 2)
          await app.call('DELETE', `/accounts/${account.id}/destinations/${doomed}`, { token: admin.token });
      }
    };
    const seen: Reconciliation[] = [];
    const watch = async () => {
      while (seen.length < 80) seen.push(await reconcile(), await reconcile('', ''));
    };
    await Promise.all([load(), watch()]);
    expect(seen.filter(({ balanced }) => !balanced)).toEqual([]);
    for (const one of seen) expect(counted(one)).toBe(one.matched_deliveries);
    // It was asked while things moved: few answers are alike.
    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBeGreaterThan(20);
    await change(toggled, 'resume');
    await settled();
    await waitFor(async () => {
      const [replays] = (await reconcile()).others;
      return replays!.pending + replays!.retrying === 0;
    });
    const end = await reconcile();
    expect(end).toMatchObject({ accepted_events: rounds * 25, balanced: true, held: 0 });
    expect(end.delivered + end.failed + end.cancelled).toBe(end.matched_deliveries);
    expect(end.others).toMatchObject([{ origin: 'replay' }]);
    expect(counted(end.others[0] as unknown as Balance)).toBe(rounds);
  });

  async function replay(eventId: string, destinationId: string): Promise<void> {
    const answer = await app.call('POST', `/accounts/${account.id}/logs/${eventId}/replay`, {
      token: admin.token,
      body: { destination_ids: [destinationId] },
    });
    expect(answer.status).toBe(202);
  }

  it.each(['finished_deliveries', 'deliveries'])('tells of a row that was lost from %s', async (table) => {
    const id = await destination();
    if (table === 'deliveries') await change(id, 'pause');
    await send('1');
    await send('2');
    await waitFor(async () => {
      const { held, delivered } = await reconcile();
      return held + delivered === 2;
    });
    await app.dataSource.query(
      `DELETE FROM ${table} WHERE id = (SELECT id FROM ${table} WHERE account_id = $1 ORDER BY id LIMIT 1)`,
      [account.id],
    );
    const lost = await reconcile();
    expect(lost).toMatchObject({
      balanced: false,
      difference: 1,
      missing: 1,
      surplus: 0,
      matched_deliveries: 2,
    });
    expect(lost.destinations[0]).toMatchObject({ destination_id: id, balanced: false, missing: 1 });
    const states = (await statesOf(['1', '2'])).map(({ state }) => state);
    expect(states).toEqual(['incomplete', table === 'deliveries' ? 'held' : 'delivered']);
    expect((await reconcile('', '')).balanced).toBe(false);
    await app.dataSource.query('DELETE FROM events WHERE account_id = $1', [account.id]);
    await app.dataSource.query('DELETE FROM deliveries WHERE account_id = $1', [account.id]);
    await app.dataSource.query('DELETE FROM finished_deliveries WHERE account_id = $1', [account.id]);
  });

  it('does not let one destination make up for another', async () => {
    const [one, other] = [await destination(), await destination()];
    await change(one, 'pause');
    await change(other, 'pause');
    await send('1');
    await app.dataSource.query('UPDATE deliveries SET destination_id = $2 WHERE destination_id = $1', [
      one,
      other,
    ]);
    expect(await reconcile()).toMatchObject({ balanced: false, difference: 0, missing: 1, surplus: 1 });
    await app.dataSource.query(
      `UPDATE deliveries SET destination_id = $1
       WHERE id = (SELECT id FROM deliveries WHERE destination_id = $2 LIMIT 1)`,
      [one, other],
    );
    expect(await reconcile()).toMatchObject({ balanced: true });
  });

  it('tells what became of event ids: in order, each once, unknown ones too', async () => {
    const failing = await startReceiver(() => 410);
    const [good, bad] = [await destination(), await destination({ url: failing.url, event_types: ['x'] })];
    await send('plain', '{"a": 1}');
    await send('half', '{"event_type":"x"}');
    await settled();
    const [unknown, half, plain, ...rest] = await statesOf(['nobody', 'half', 'plain', 'half']);
    expect(rest).toEqual([]);
    expect(unknown).toEqual({
      event_id: 'nobody',
      state: 'unknown',
      account_id: null,
      id: null,
      accepted_at: null,
      body_sha256: null,
      destinations: null,
      counts: null,
      others: null,
    });
    expect(half).toMatchObject({ event_id: 'half', state: 'mixed', counts: { delivered: 1, failed: 1 } });
    expect(half!.destinations!.toSorted()).toEqual([good, bad].toSorted());
    expect(plain).toMatchObject({
      state: 'delivered',
      account_id: account.id,
      destinations: [good],
      body_sha256: createHash('sha256').update('{"a": 1}').digest('hex'),
      counts: { delivered: 1, failed: 0 },
      others: { delivered: 0 },
    });
    expect(Date.parse(plain!.accepted_at!)).toBeGreaterThan(Date.now() - 60_000);
    await failing.close();
  });

  it('tells across accounts every account that used the id, and within one only its own', async () => {
    const other = await newAccount();
    await send('shared');
    await send('shared', '[]', other);
    const everywhere = await statesOf(['shared', 'nobody'], '');
    expect(everywhere.map((one) => [one.event_id, one.account_id, one.state])).toEqual([
      ['shared', account.id, 'unrouted'],
      ['shared', other.id, 'unrouted'],
      ['nobody', null, 'unknown'],
    ]);
    expect((await statesOf(['shared'])).map((one) => one.account_id)).toEqual([account.id]);
  });

  it('asks the database as often for a thousand ids as for one', async () => {
    const id = await destination();
    await change(id, 'pause');
    const ids = Array.from({ length: 1000 }, (_, n) => `many-${n}`);
    for (let from = 0; from < 1000; from += 100)
      await Promise.all(ids.slice(from, from + 100).map((one) => send(one)));
    const statements = async (work: () => Promise<unknown>): Promise<number> => {
      const pool = (app.dataSource.driver as unknown as { master: NodeJS.EventEmitter }).master;
      let count = 0;
      const countOne = () => count++;
      pool.on('acquire', countOne);
      await work();
      pool.off('acquire', countOne);
      return count;
    };
    // Other parts of the process ask too, now and then: the fewest of some tries are our own.
    const fewest = async (asked: string[]): Promise<number> => {
      const tries: number[] = [];
      for (let n = 0; n < 5; n++) tries.push(await statements(() => statesOf(asked)));
      return Math.min(...tries);
    };
    const one = await fewest(['many-0']);
    expect(await fewest(ids)).toBe(one);
    // Two of the sign-in check, two of ours.
    expect(one).toBe(4);
    const states = await statesOf(ids);
    expect(states.map(({ event_id }) => event_id)).toEqual(ids);
    expect(new Set(states.map(({ state }) => state))).toEqual(new Set(['held']));
  });

  it.each([
    ['from=2026-01-01T00:00:00Z&to=2026-02-02T00:00:00Z', 'from'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
    ['from=yesterday', 'from'],
    ['to=2026-13-01', 'to'],
    ['since=2026-01-01', 'since'],
  ])('refuses the period %s and names the field', async (query, field) => {
    for (const path of [`/accounts/${account.id}`, '']) {
      const answer = await app.call('GET', `${path}/reconciliation?${query}`, { token: admin.token });
      expect(answer.status).toBe(400);
      expect(answer.body.errors.map((error: { field: string }) => error.field)).toEqual([field]);
    }
  });

  it.each([
    [undefined],
    ['order-1'],
    [[1]],
    [['']],
    [['a b']],
    [['é']],
    [['x'.repeat(256)]],
    [Array.from({ length: 1001 }, (_, n) => `e${n}`)],
  ])('refuses the ids %j', async (eventIds) => {
    const answer = await app.call('POST', `/accounts/${account.id}/reconciliation`, {
      token: admin.token,
      body: { event_ids: eventIds },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].field).toBe('event_ids');
  });

  it('says to ask for less when counting takes too long', async () => {
    const locker = app.dataSource.createQueryRunner();
    await locker.startTransaction();
    let answering: ReturnType<typeof app.call>;
    try {
      await locker.query('LOCK TABLE finished_deliveries IN ACCESS EXCLUSIVE MODE');
      answering = app.call('GET', `/accounts/${account.id}/reconciliation`, { token: admin.token });
      // As statement_timeout ends it, which takes its time.
      await waitFor(async () => {
        const [row] = await app.dataSource.query(
          `SELECT pg_cancel_backend(pid) AS done FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%accepted AS%'`,
        );
        return row?.done;
      });
    } finally {
      await locker.rollbackTransaction();
      await locker.release();
    }
    const answer = await answering;
    expect(answer.status).toBe(503);
    expect(answer.body.detail).toContain('shorter period');
    expect(answer.body.errors[0].field).toBe('from');
  });
});
