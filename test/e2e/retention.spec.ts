import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

describe('what is left of an event after retention', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
    receiver = await startReceiver();
  });

  beforeEach(async () => {
    account = await createAccount(app, admin);
    await unlimited(app, admin, account);
    await createDestination(app, admin, account, { url: receiver.url });
  });

  afterAll(async () => {
    await app.close();
    await receiver.close();
  });

  const send = (eventId: string, body: object) =>
    app.call('POST', '/server/incoming_data', {
      body,
      headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': eventId },
    });

  const readEvent = (eventId: string) =>
    app.call('GET', `/accounts/${account.id}/logs/${eventId}`, { token: admin.token });

  const delivered = (eventId: string) =>
    waitFor(async () => {
      const { body } = await readEvent(eventId);
      return body.deliveries[0]?.status === 'success' && body;
    });

  it('shows every delivery and attempt without the body once the body is gone', async () => {
    await send('order-1', { event_type: 'order.created', data: 1 });
    const before = await delivered('order-1');
    expect(before).toMatchObject({ removed_by_retention: false, payload: { data: 1 }, size: 39 });

    await app.dataSource.query('DELETE FROM events WHERE account_id = $1', [account.id]);

    const { status, body } = await readEvent('order-1');
    expect(status).toBe(200);
    expect(body).toEqual({
      ...before,
      payload: null,
      size: null,
      removed_by_retention: true,
      received_at: expect.any(String),
    });
    expect(body.deliveries[0].attempt_log).toHaveLength(1);
    const list = await app.call('GET', `/accounts/${account.id}/logs`, { token: admin.token });
    expect(list.body.data).toMatchObject([{ event_id: 'order-1', event_type: 'order.created' }]);
  });

  it('still refuses a repeated id after the event went', async () => {
    const first = await send('order-2', { n: 1 });
    await delivered('order-2');
    await app.dataSource.query('DELETE FROM events WHERE account_id = $1', [account.id]);
    const again = await send('order-2', { n: 1 });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ duplicate: true, id: first.body.id });
    expect((await send('order-2', { n: 2 })).status).toBe(409);
  });

  it('asks to send again where the id is forgotten in the very moment it is repeated', async () => {
    await send('order-3', { n: 1 });
    await app.dataSource.query(`
      CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN DELETE FROM event_keys WHERE event_id = 'order-3'; RETURN NULL; END $$;
      CREATE TRIGGER forget AFTER INSERT ON event_keys FOR EACH STATEMENT EXECUTE FUNCTION forget()`);
    expect((await send('order-3', { n: 2 })).status).toBe(503);
    await app.dataSource.query('DROP TRIGGER forget ON event_keys');
    expect((await send('order-3', { n: 2 })).status).toBe(202);
  });
});
