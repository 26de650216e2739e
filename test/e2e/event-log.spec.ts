import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
  unlimited,
} from '../support/factories.js';

describe('the log of an event', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
    account = await createAccount(app, admin);
    await unlimited(app, admin, account);
    await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/' });
  });
  afterAll(() => app.close());

  const send = async (eventId: string, data: object = {}): Promise<string> => {
    const { status, body } = await app.call('POST', '/server/incoming_data', {
      body: data,
      headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': eventId },
    });
    expect(status).toBe(202);
    return body.id;
  };
  const get = (eventId: string, { id } = account) =>
    app.call('GET', `/accounts/${id}/logs/${eventId}`, { token: admin.token });

  it.each(['export', '.', '..', 'order-1'])(
    'whose id is %s is found by the id we gave it',
    async (eventId) => {
      const id = await send(eventId, { eventId });
      const { status, body } = await get(id);
      expect(status).toBe(200);
      expect(body).toMatchObject({ id, event_id: eventId, payload: { eventId } });
      expect(body.deliveries).toMatchObject([{ event: id, event_id: eventId, status: 'pending' }]);
      expect((await get(id.toUpperCase())).body.id).toBe(id);
    },
  );

  it('is found by the id of its producer first, whatever that looks like', async () => {
    const first = await send('first');
    const second = await send(first, { second: true });
    expect((await get(first)).body).toMatchObject({ id: second, event_id: first });
    expect((await get(second)).body).toMatchObject({ id: second, event_id: first });
  });

  it('of another account is not found by that id, nor is what was never sent', async () => {
    const id = await send('mine');
    const other = await createAccount(app, admin);
    expect((await get(id, other)).status).toBe(404);
    expect((await get('01920000-0000-7000-8000-000000000000')).status).toBe(404);
    expect((await get('never-sent')).status).toBe(404);
  });
});
