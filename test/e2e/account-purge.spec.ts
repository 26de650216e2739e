import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountPurge } from '../../src/accounts/account-purge.js';
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

const EVENTS = 600;

describe('an account that was deleted', () => {
  let app: TestApp;
  let admin: TestUser;
  let receiver: Receiver;

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
    receiver = await startReceiver();
  });

  afterAll(async () => {
    await receiver?.close();
    await app?.close();
  });

  const newAccount = async (): Promise<TestAccount> => {
    const account = await createAccount(app, admin);
    await unlimited(app, admin, account);
    await createDestination(app, admin, account, { url: receiver.url });
    return account;
  };

  const send = async (account: TestAccount, count: number): Promise<void> => {
    for (let from = 0; from < count; from += 100)
      await Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          app.call('POST', '/server/incoming_data', {
            body: { n },
            headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': `event-${from + n}` },
          }),
        ),
      );
  };

  const reconcile = async () => (await app.call('GET', '/reconciliation', { token: admin.token })).body;

  it('is purged while others are served, and the account of everything balances at every moment', async () => {
    const [gone, other] = [await newAccount(), await newAccount()];
    await send(gone, EVENTS);
    await send(other, 100);
    await waitFor(async () => (await reconcile()).delivered === EVENTS + 100, { timeoutMs: 45_000 });
    expect(await app.call('DELETE', `/accounts/${gone.id}`, { token: admin.token })).toMatchObject({
      status: 204,
    });
    const seen = [await reconcile()];
    const purge = app.app.get(AccountPurge, { strict: false });
    const progress = { isOver: false };
    const purging = purge.apply(0).finally(() => (progress.isOver = true));
    while (!progress.isOver) seen.push(await reconcile());
    expect(await purging).toBe(1);
    seen.push(await reconcile());
    expect(seen.filter(({ balanced }) => !balanced)).toEqual([]);
    expect(seen.at(0)).toMatchObject({ accepted_events: EVENTS + 100 });
    expect(seen.at(-1)).toMatchObject({ accepted_events: 100, delivered: 100 });
    const logs = await app.call('GET', `/accounts/${other.id}/logs?limit=200`, { token: admin.token });
    expect(logs.body.data).toHaveLength(100);
    expect((await app.call('GET', `/accounts/${gone.id}`, { token: admin.token })).status).toBe(404);
    const [{ rows }] = await app.dataSource.query(
      `SELECT count(*)::integer AS rows FROM attempts WHERE delivery_id NOT IN (SELECT id FROM finished_deliveries)`,
    );
    expect(rows).toBe(0);
  }, 90_000);
});
