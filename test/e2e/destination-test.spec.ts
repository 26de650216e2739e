import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
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

describe('a test of a destination', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;
  let destination: string;

  beforeAll(async () => {
    app = await createTestApp({ DELIVERY_TIMEOUT_MS: '15000' });
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    receiver = await startReceiver();
    account = await createAccount(app, admin);
    await unlimited(app, admin, account);
    destination = (
      await createDestination(app, admin, account, { url: receiver.url, event_types: ['order.*'] })
    ).id;
  });

  afterEach(() => receiver.close());
  afterAll(() => app?.close());

  const pathOf = (id: string, action = 'test') => `/accounts/${account.id}/destinations/${id}/${action}`;
  const test = (body?: unknown, { token } = admin) => app.call('POST', pathOf(destination), { token, body });
  const logOf = async (eventId: string) =>
    (await app.call('GET', `/accounts/${account.id}/logs/${eventId}`, { token: admin.token })).body;
  const finished = (eventId: string) =>
    waitFor(async () => {
      const log = await logOf(eventId);
      return log.deliveries[0].processed_at !== null && log;
    });
  const balance = async () => {
    const path = `/accounts/${account.id}/reconciliation`;
    return (await app.call('GET', path, { token: admin.token })).body;
  };

  it('is a delivery like any other, whatever types the destination takes, and the log shows it', async () => {
    const { status, body } = await test();
    expect(status).toBe(202);
    expect(body).toMatchObject({ destination_id: destination, event_id: expect.stringMatching(/^test-/) });

    const log = await finished(body.event_id);
    const [request] = receiver.requests;
    expect(JSON.parse(request!.body.toString())).toMatchObject({
      event_type: 'data_pusher.test',
      destination_id: destination,
    });
    expect(request!.headers).toMatchObject({
      'cl-x-event-id': body.event_id,
      'cl-x-delivery-id': body.delivery_id,
      'webhook-id': body.id,
      'webhook-signature': expect.stringMatching(/^v1,/),
    });
    expect(log).toMatchObject({ id: body.id, event_type: 'data_pusher.test' });
    expect(log.deliveries).toMatchObject([
      {
        id: body.delivery_id,
        status: 'success',
        attempts: 1,
        attempt_log: [{ number: 1, status_code: 200 }],
      },
    ]);
  });

  it('sends what it is given, and only to this destination', async () => {
    await createDestination(app, admin, account, { url: `${receiver.url}/other` });
    const payload = { type: 'order.paid', list: [1, 'two', null], text: 'é\u0000' };
    const { body } = await test({ payload });
    await finished(body.event_id);
    expect(receiver.requests.map(({ url }) => url)).toEqual(['/']);
    expect(receiver.requests[0]!.body.toString()).toBe(JSON.stringify(payload));
    const logs = await app.call('GET', `/accounts/${account.id}/logs?event_type=order.paid`, {
      token: admin.token,
    });
    expect(logs.body.data).toMatchObject([{ id: body.delivery_id }]);
  });

  it('that fails is tried again as any delivery', async () => {
    receiver.answer((_, index) => (index === 0 ? 500 : 204));
    const { body } = await test({});
    const log = await finished(body.event_id);
    expect(log.deliveries[0]).toMatchObject({ status: 'success', attempts: 2 });
    expect(
      log.deliveries[0].attempt_log.map((attempt: { status_code: number }) => attempt.status_code),
    ).toEqual([500, 204]);
  });

  it('is told apart in the balance, which holds before and after', async () => {
    receiver.answer(() => undefined);
    const waiting = await test();
    await waitFor(() => receiver.requests.length === 1);
    expect(await balance()).toMatchObject({
      balanced: true,
      matched_deliveries: 0,
      missing: 0,
      surplus: 0,
      others: [{ origin: 'test', pending: 1, delivered: 0 }],
    });
    await receiver.close();
    receiver = await startReceiver();
    await app.call('PATCH', pathOf(destination, ''), { token: admin.token, body: { url: receiver.url } });
    await finished(waiting.body.event_id);
    expect(await balance()).toMatchObject({
      balanced: true,
      matched_deliveries: 0,
      surplus: 0,
      others: [{ origin: 'test', pending: 0, delivered: 1 }],
    });
  });

  it.each([
    ['paused', 'Resume it first'],
    ['disabled', 'Enable it first'],
  ])('is refused while the destination is %s, and stores nothing', async (state, remedy) => {
    if (state === 'paused') await app.call('POST', pathOf(destination, 'pause'), { token: admin.token });
    else
      await app.dataSource.query(`UPDATE destinations SET state = 'disabled' WHERE id = $1`, [destination]);
    const { status, body } = await test();
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'conflict', detail: expect.stringContaining(remedy) });
    const [{ rows }] = await app.dataSource.query(
      `SELECT (SELECT count(*) FROM events WHERE account_id = $1) + (SELECT count(*) FROM event_keys WHERE account_id = $1)
         + (SELECT count(*) FROM deliveries WHERE account_id = $1) AS rows`,
      [account.id],
    );
    expect(Number(rows)).toBe(0);
  });

  it.each([
    [[], 'body'],
    [{ data: {} }, 'data'],
    [{ payload: {}, url: 'http://elsewhere' }, 'url'],
    [{ payload: 'text' }, 'payload'],
    [{ payload: null }, 'payload'],
    [{ payload: 7 }, 'payload'],
  ])('is refused with the body %j', async (body, field) => {
    const answer = await test(body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].field).toBe(field);
  });

  it.each([201, 200_000])('is refused with a body of %d levels', async (depth) => {
    const raw = `{"payload":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const answer = await app.call('POST', pathOf(destination), { token: admin.token, raw });
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].field).toBe('body');
  });

  it('may be sent by Admins of the account only', async () => {
    const user = await registerUser(app);
    expect((await test({}, user)).status).toBe(404);
    await addMember(app, admin, account, user, 'User');
    expect((await test({}, user)).status).toBe(403);
    expect((await app.call('POST', pathOf(destination))).status).toBe(401);
    expect(receiver.requests).toEqual([]);
  });
});
