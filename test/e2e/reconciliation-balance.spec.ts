import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, registerAdmin } from '../support/factories.js';
import { createUnlimitedAccount } from '../support/incoming-data.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { type Balance, type Reconciliation, reconciliationCalls } from '../support/reconciliation.js';
import { waitFor } from '../support/wait-for.js';

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
    account = await createUnlimitedAccount(app, admin);
    receiver = await startReceiver();
  });

  afterEach(() => receiver.close());
  afterAll(() => app?.close());

  const { destination, send, reconcile, statesOf, change, settled } = reconciliationCalls(() => ({
    app,
    admin,
    account,
    receiver,
  }));

  const counted = ({ delivered, pending, retrying, held, failed, cancelled }: Balance): number =>
    delivered + pending + retrying + held + failed + cancelled;

  async function replay(eventId: string, destinationId: string): Promise<void> {
    const answer = await app.call('POST', `/accounts/${account.id}/logs/${eventId}/replay`, {
      token: admin.token,
      body: { destination_ids: [destinationId] },
    });
    expect(answer.status).toBe(202);
  }

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
