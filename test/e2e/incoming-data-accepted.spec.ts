import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, createDestination, registerAdmin } from '../support/factories.js';
import { createUnlimitedAccount, sendEvent } from '../support/incoming-data.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

/** The example payload of seed 000, with the white space it is printed with. */
const SEED_000 = `{
  "event_type": "user.update",
  "timestamp": "2025-06-15T13:05:00Z",
  "data": {
    "user": {
      "id": "USR-123",
      "email": "test123@example.com",
      "update_type": "profile_change",
      "changes": {
        "name": {
          "old": "John Doe",
          "new": "John Smith"
        },
        "phone": {
          "old": null,
          "new": "+1234567890"
        }
      }
    },
    "metadata": {
      "source": "api",
      "version": "1.0",
      "app_id": "ff9a24e3-fe44-4d15-a049-ffa761c99a04",
      "timestamp": "2025-06-15T13:05:00Z",
      "ip_address": "192.168.1.1"
    }
  }
}`;

describe('incoming data', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let receivers: Receiver[];

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
    receivers = [await startReceiver(), await startReceiver()];
  });

  beforeEach(async () => {
    account = await createUnlimitedAccount(app, admin);
    for (const receiver of receivers) receiver.requests.length = 0;
  });

  afterAll(async () => {
    await app?.close();
    await Promise.all((receivers ?? []).map((receiver) => receiver.close()));
  });

  const send = (body: string, headers: Record<string, string> = {}) => sendEvent(app, account, body, headers);

  it('delivers the example of seed 000 byte for byte to two destinations, and the log shows it', async () => {
    const headers = {
      APP_ID: 'e70b157d',
      APP_SECRET: '032d03b7',
      'Content-Type': 'application/json',
      Accept: '*',
    };
    const first = await createDestination(app, admin, account, {
      url: `${receivers[0]!.url}/a?x=1`,
      headers,
    });
    const second = await createDestination(app, admin, account, {
      url: receivers[1]!.url,
      http_method: 'PUT',
    });

    const answer = await send(SEED_000, { 'cl-x-event-id': 'seed-000' });

    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      success: true,
      message: 'Data Received',
      event_id: 'seed-000',
      duplicate: false,
    });
    expect(answer.body.destinations.toSorted()).toEqual([first.id, second.id].toSorted());
    await waitFor(() => receivers.every((receiver) => receiver.requests.length === 1));
    const [a, b] = receivers.map((receiver) => receiver.requests[0]!);
    expect(a!.body.toString()).toBe(SEED_000);
    expect(b!.body.toString()).toBe(SEED_000);
    expect(a).toMatchObject({ method: 'POST', url: '/a?x=1' });
    expect(a!.headers).toMatchObject({
      app_id: 'e70b157d',
      app_secret: '032d03b7',
      'cl-x-event-id': 'seed-000',
    });
    expect(b!.method).toBe('PUT');

    const log = await waitFor(async () => {
      const { body } = await app.call('GET', `/accounts/${account.id}/logs/seed-000`, { token: admin.token });
      return body.deliveries.every((delivery: { status: string }) => delivery.status === 'success') && body;
    });
    expect(log.deliveries).toHaveLength(2);
    expect(log.deliveries[0]).toMatchObject({ attempts: 1, last_status_code: 200, last_error: null });
    expect(log.deliveries[0].attempt_log).toHaveLength(1);
    expect(log.payload.data.user.id).toBe('USR-123');
  });

  it.each([
    ['numbers as they were written', '{"a":1.0,"b":1e2,"big":12345678901234567890}'],
    ['repeated keys and their order', '{"b":1,"a":2,"b":3}'],
    ['escapes and lone surrogates', '{"s":"\\u00e9\\ud800\\u0000"}'],
    ['white space around and inside', ' \r\n\t[ 1 , 2 ] \n'],
    ['an empty object', '{}'],
  ])('keeps %s', async (_, body) => {
    await createDestination(app, admin, account, { url: receivers[0]!.url });
    expect((await send(body)).status).toBe(202);
    const received = await waitFor(() => receivers[0]!.requests[0]);
    expect(received.body.toString()).toBe(body);
  });

  it('answers the path without /api and with a trailing slash, as seed 001 calls it', async () => {
    const answer = await app.call('POST', '/server/incoming_data/', {
      body: { name: 'John Doe', action: 'user.signup' },
      headers: { 'CL-X-TOKEN': account.app_secret_token },
    });
    expect(answer.status).toBe(202);
    expect(answer.body.event_id).toBe(answer.body.id);
    expect(answer.body.destinations).toEqual([]);
  });

  it('names only the destinations whose event types match', async () => {
    const user = await createDestination(app, admin, account, {
      url: receivers[0]!.url,
      event_types: ['user.*'],
    });
    await createDestination(app, admin, account, { url: receivers[1]!.url, event_types: ['order.paid'] });
    const answer = await send('{"event_type":"user.update"}');
    expect(answer.body.destinations).toEqual([user.id]);
  });
});
