import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RetentionKeeper } from '../../src/events/retention-keeper.js';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
  unlimited,
} from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

interface Entry {
  id: string;
  source: string;
  event_id: string;
  account_id: string;
  status: string;
}

const DAY_MS = 86_400_000;

let app: TestApp;
let admin: TestUser;
let user: TestUser;
let account: TestAccount;
let other: TestAccount;
let destination: { id: string };
let receiver: Receiver;

beforeAll(async () => {
  app = await createTestApp();
  admin = await registerAdmin(app);
  receiver = await startReceiver();
});

beforeEach(async () => {
  user = await registerUser(app);
  [account, other] = [await createAccount(app, admin), await createAccount(app, admin)];
  await unlimited(app, admin, account);
  await addMember(app, admin, account, user, 'User');
  destination = await createDestination(app, admin, account, { url: receiver.url });
});

afterAll(async () => {
  await app?.close();
  await receiver?.close();
});

const record = (body: object, as = user) =>
  app.call('POST', '/logs', {
    token: as.token,
    body: { account_id: account.id, status: 'success', ...body },
  });

async function list(path: string, as = user): Promise<Entry[]> {
  const { status, body } = await app.call('GET', path, { token: as.token });
  expect(status).toBe(200);
  return body.data;
}

async function deliver(eventId: string): Promise<void> {
  const sent = await app.call('POST', '/server/incoming_data', {
    body: { event_type: 'order.paid' },
    headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': eventId },
  });
  expect(sent.status).toBe(202);
  await waitFor(async () => (await list(`/logs?event_id=${eventId}&status=success`)).length === 1);
}

const expectProblem = (answer: TestAnswer, status: number, field?: string) => {
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ status, errors: field ? [{ field }] : [] });
};

describe('POST /logs', () => {
  it('records an entry that shows in every list of the log as manual', async () => {
    const recorded = await record({
      event_id: 'by-hand',
      destination_id: destination.id,
      status: 'failed',
      message: 'The courier was away.',
    });
    expect(recorded.status).toBe(201);
    expect(recorded.body).toMatchObject({
      source: 'manual',
      account_id: account.id,
      event_id: 'by-hand',
      event: null,
      event_type: null,
      destination_id: destination.id,
      url: expect.stringContaining(receiver.url),
      status: 'failed',
      message: 'The courier was away.',
      created_by: user.user.id,
      attempts: 0,
      last_error: null,
      next_attempt_at: null,
    });
    const paths = [
      `/accounts/${account.id}/logs`,
      `/accounts/${account.id}/logs?event_id=by-hand&status=failed`,
      `/logs`,
      `/logs?account_id=${account.id}`,
      `/logs?event_id=by-hand`,
      `/logs?status=failed&destination_id=${destination.id}`,
      `/logs/${destination.id}`,
    ];
    for (const path of paths) expect({ [path]: await list(path) }).toEqual({ [path]: [recorded.body] });
    expect(await list(`/logs?event_id=by-hand`, admin)).toEqual([recorded.body]);
    for (const filter of [
      'status=success',
      'status=pending',
      'event_type=x',
      `to=2020-01-01`,
      'event_id=other',
    ])
      expect(await list(`/accounts/${account.id}/logs?${filter}`)).toEqual([]);
  });

  it('stands beside the deliveries of an event that was accepted', async () => {
    await deliver('order-1');
    const { body: recorded } = await record({ event_id: 'order-1', message: 'Seen by Ann.' });
    expect(recorded).toMatchObject({ event: expect.any(String), destination_id: null, url: null });
    expect(await list('/logs?event_id=order-1')).toMatchObject([
      { source: 'manual', message: 'Seen by Ann.' },
      { source: 'delivery', message: null, created_by: null, event: recorded.event, attempts: 1 },
    ]);
    const { body } = await app.call('GET', `/accounts/${account.id}/logs/order-1`, { token: user.token });
    expect(body.event_type).toBe('order.paid');
    expect(body.deliveries).toMatchObject([
      { source: 'manual', explanation: expect.stringMatching(/^Recorded by a caller at /), attempt_log: [] },
      { source: 'delivery', attempt_log: [{ number: 1 }] },
    ]);
  });

  it('sends nothing and counts nowhere', async () => {
    await deliver('order-1');
    const before = receiver.requests.length;
    const balance = async () => {
      const { body } = await app.call('GET', `/accounts/${account.id}/reconciliation`, {
        token: admin.token,
      });
      return Object.assign(body, { from: '', to: '', generated_at: '', as_of: '' });
    };
    const counted = await balance();
    for (const status of ['success', 'failed', 'cancelled'])
      await record({ event_id: 'order-1', destination_id: destination.id, status });
    expect(await balance()).toEqual(counted);
    await deliver('order-2');
    expect(receiver.requests.length).toBe(before + 1);
  });

  it('pages through entries of both sources in order of time', async () => {
    await record({ event_id: 'first' });
    await deliver('order-1');
    await record({ event_id: 'last' });
    const events: string[] = [];
    for (let cursor = ''; events.length < 3;) {
      const { body } = await app.call('GET', `/logs?limit=1${cursor}`, { token: user.token });
      events.push(body.data[0].event_id);
      cursor = `&cursor=${body.page.next}`;
      expect(body.page.next === null).toBe(events.length === 3);
    }
    expect(events).toEqual(['last', 'order-1', 'first']);
  });

  it.each([
    [{ event_id: undefined }, 'event_id'],
    [{ event_id: 'with blank' }, 'event_id'],
    [{ event_id: 'ä' }, 'event_id'],
    [{ event_id: 'x'.repeat(256) }, 'event_id'],
    [{ status: 'pending' }, 'status'],
    [{ status: undefined }, 'status'],
    [{ message: 'x'.repeat(2001) }, 'message'],
    [{ message: 'nul\0' }, 'message'],
    [{ destination_id: 'x' }, 'destination_id'],
    [{ source: 'delivery' }, 'source'],
    [{ account_id: undefined }, 'account_id'],
  ])('refuses %j and stores nothing', async (body, field) => {
    expectProblem(await record({ event_id: 'refused', ...body }), 400, field);
    expect(await list('/logs')).toEqual([]);
  });

  it('refuses the account or the destination of others', async () => {
    const theirs = await createDestination(app, admin, other, { url: receiver.url });
    expectProblem(await record({ event_id: 'x', account_id: other.id }), 404);
    expectProblem(await record({ event_id: 'x', destination_id: theirs.id }), 404);
    expectProblem(await record({ event_id: 'x', destination_id: uuidv7() }), 404);
    expectProblem(await app.call('POST', '/logs', { body: { account_id: account.id } }), 401);
    expect(await list('/logs?event_id=x', admin)).toEqual([]);
  });

  it('goes with the retention of the log', async () => {
    await record({ event_id: 'old' });
    const retention = app.app.get(RetentionKeeper);
    await retention.apply(Date.now() + 29 * DAY_MS);
    expect(await list('/logs')).toHaveLength(1);
    await retention.apply(Date.now() + 32 * DAY_MS);
    expect(await list('/logs')).toEqual([]);
  });
});

describe('GET /logs', () => {
  it('holds the accounts the caller may see and no other', async () => {
    await addMember(app, admin, other, user, 'User');
    const hidden = await createAccount(app, admin);
    const ids = [account.id, other.id, hidden.id];
    for (const id of ids) await record({ event_id: 'same', account_id: id }, admin);
    const accountsOf = (entries: Entry[]) => entries.map(({ account_id: id }) => ids.indexOf(id));
    expect(accountsOf(await list('/logs'))).toEqual([1, 0]);
    expect(accountsOf(await list('/logs?event_id=same'))).toEqual([1, 0]);
    expect(accountsOf(await list('/logs?limit=3', admin))).toEqual([2, 1, 0]);
    expect(accountsOf((await list('/logs?event_id=same', admin)).slice(0, 3))).toEqual([2, 1, 0]);
    expect(accountsOf(await list(`/logs?account_id=${other.id}`))).toEqual([1]);
    await app.call('DELETE', `/accounts/${other.id}`, { token: admin.token });
    expect(accountsOf(await list('/logs?event_id=same'))).toEqual([0]);
    expect(accountsOf(await list('/logs?limit=2', admin))).toEqual([2, 0]);
    expectProblem(await app.call('GET', `/logs?account_id=${other.id}`, { token: admin.token }), 404);
  });

  it('still holds deliveries to a destination that was deleted', async () => {
    await deliver('order-1');
    await app.call('DELETE', `/destinations/${destination.id}`, { token: admin.token });
    expect(await list(`/logs/${destination.id}`)).toMatchObject([{ event_id: 'order-1' }]);
    expectProblem(await app.call('GET', `/logs/${uuidv7()}`, { token: admin.token }), 404);
    expectProblem(
      await app.call('GET', `/logs/${destination.id}?destination_id=${destination.id}`, {
        token: user.token,
      }),
      400,
      'destination_id',
    );
  });
});
