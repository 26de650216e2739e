import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, registerAdmin } from '../support/factories.js';
import { createUnlimitedAccount } from '../support/incoming-data.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { reconciliationCalls } from '../support/reconciliation.js';

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

  const { destination, send, statesOf, change, settled } = reconciliationCalls(() => ({
    app,
    admin,
    account,
    receiver,
  }));

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
    const other = await createUnlimitedAccount(app, admin);
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
});
