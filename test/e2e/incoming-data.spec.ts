import { request as httpRequest } from 'node:http';
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
  });

  beforeEach(async () => {
    account = await createAccount(app, admin);
    await unlimited(app, admin, account);
    receivers ??= [await startReceiver(), await startReceiver()];
    for (const receiver of receivers) receiver.requests.length = 0;
  });

  afterAll(async () => {
    await app.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  const send = (body: string | Buffer, headers: Record<string, string> = {}) =>
    app.call('POST', '/server/incoming_data', {
      raw: body,
      headers: { 'cl-x-token': account.app_secret_token, ...headers },
    });

  const storedRows = async () => {
    const [row] = await app.dataSource.query(
      `SELECT (SELECT count(*) FROM events WHERE account_id = $1) AS events,
              (SELECT count(*) FROM event_keys WHERE account_id = $1) AS keys,
              (SELECT count(*) FROM deliveries WHERE account_id = $1) AS deliveries`,
      [account.id],
    );
    return Number(row.events) + Number(row.keys) + Number(row.deliveries);
  };

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

  describe('refuses, in this order, and stores nothing', () => {
    const refused = async (
      answer: { status: number; body: { code: string; status: number } },
      status: number,
      code: string,
    ) => {
      expect(answer.body).toMatchObject({ status, code });
      expect(answer.status).toBe(status);
      expect(await storedRows()).toBe(0);
    };

    it.each([
      ['no token', {}],
      ['an unknown token', { 'cl-x-token': 'nobody' }],
      ['a repeated token', { 'cl-x-token': 'TOKEN, TOKEN' }],
    ])('%s before everything else', async (_, headers: Record<string, string>) => {
      const real = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name,
          value.replaceAll('TOKEN', account.app_secret_token),
        ]),
      );
      const answer = await app.call('POST', '/server/incoming_data', {
        raw: Buffer.alloc(2_000_000, 'x'),
        headers: { 'content-type': 'garbage', 'cl-x-event-id': ' ', ...real },
      });
      await refused(answer, 401, 'unauthenticated');
      expect(answer.body.title).toBe('Unauthenticated');
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    });

    it.each([['a b'], ['a, b'], ['x'.repeat(256)], ['']])('the event id "%s"', async (id) => {
      const answer = await send('{}', { 'cl-x-event-id': id, 'content-type': 'text/plain' });
      await refused(answer, 400, 'invalid_data');
      expect(answer.body.title).toBe('Invalid Data');
    });

    it('a missing event id where the account requires one', async () => {
      await app.call('PATCH', `/accounts/${account.id}`, {
        token: admin.token,
        body: { require_event_id: true },
      });
      await refused(await send('{}'), 400, 'invalid_data');
    });

    it.each(['text/plain', 'application/json; charset=latin1', 'garbage', 'application/xml'])(
      'the content type %s before the size',
      async (type) => {
        const answer = await send(Buffer.alloc(1_100_000, '1'), { 'content-type': type });
        await refused(answer, 415, 'unsupported_media_type');
      },
    );

    it('a content encoding', async () => {
      await refused(await send('{}', { 'content-encoding': 'gzip' }), 415, 'unsupported_media_type');
    });

    it('a body that is declared too large', async () => {
      const answer = await send(Buffer.alloc(1024 * 1024 + 1, ' '));
      await refused(answer, 413, 'payload_too_large');
      expect(answer.headers.get('connection')).toBe('close');
    });

    it('a body that turns out too large while it streams', async () => {
      const status = await new Promise<number>((resolve, reject) => {
        const request = httpRequest(`${app.url}/api/server/incoming_data`, {
          method: 'POST',
          headers: {
            'cl-x-token': account.app_secret_token,
            'content-type': 'application/json',
            'transfer-encoding': 'chunked',
          },
        });
        request.on('response', (response) => resolve(response.statusCode!));
        request.on('error', reject);
        request.write(Buffer.alloc(600_000, ' '));
        request.write(Buffer.alloc(600_000, ' '));
      });
      expect(status).toBe(413);
      expect(await storedRows()).toBe(0);
    });

    it.each([
      ['an empty body', ''],
      ['white space', '  '],
      ['a scalar', '"text"'],
      ['broken JSON', '{"a":1'],
      ['a byte order mark', '\ufeff{}'],
      ['201 levels', '['.repeat(201) + ']'.repeat(201)],
    ])('%s', async (_, body) => {
      await refused(await send(body), 400, 'invalid_data');
    });

    it('invalid UTF-8', async () => {
      await refused(await send(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), 400, 'invalid_data');
    });
  });

  describe('the same event id', () => {
    it('with the same bytes gives the first receipt and sends nothing again', async () => {
      await createDestination(app, admin, account, { url: receivers[0]!.url });
      const first = await send('{"n":1}', { 'cl-x-event-id': 'same' });
      const again = await send('{"n":1}', { 'cl-x-event-id': 'same' });
      expect(again.status).toBe(200);
      expect(again.body).toEqual({ ...first.body, duplicate: true });
      await waitFor(() => receivers[0]!.requests.length > 0);
      const logs = await app.call('GET', `/accounts/${account.id}/logs?event_id=same`, {
        token: admin.token,
      });
      expect(logs.body.data).toHaveLength(1);
    });

    it('with other bytes is refused, naming both digests', async () => {
      await send('{"n":1}', { 'cl-x-event-id': 'other' });
      const answer = await send('{"n":2}', { 'cl-x-event-id': 'other' });
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('event_id_reused');
      expect(answer.body.detail.match(/[0-9a-f]{64}/g)).toHaveLength(2);
    });

    it('of two accounts is two events', async () => {
      const other = await createAccount(app, admin);
      await send('{}', { 'cl-x-event-id': 'shared' });
      const answer = await send('{}', { 'cl-x-event-id': 'shared', 'cl-x-token': other.app_secret_token });
      expect(answer.status).toBe(202);
    });

    it('sent fifty times at once is accepted once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => send('{"n":1}', { 'cl-x-event-id': 'race' })),
      );
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    });
  });

  it('accepts five per second of an account and says when to come back', async () => {
    const limited = await createAccount(app, admin);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => send('{}', { 'cl-x-token': limited.app_secret_token })),
    );
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 429);
    expect(accepted).toHaveLength(5);
    expect(refused).toHaveLength(7);
    expect(refused[0]!.headers.get('retry-after')).toBe('1');
    expect(refused[0]!.headers.get('ratelimit-policy')).toBe('"account";q=5;w=1');
    expect(accepted[0]!.headers.get('ratelimit')).toMatch(/^"account";r=\d;t=1$/);
  });

  it('refuses a rotated token at once and takes the new one', async () => {
    expect((await send('{}')).status).toBe(202);
    const { body } = await app.call('POST', `/accounts/${account.id}/rotate-token`, {
      token: admin.token,
      body: {},
    });
    expect((await send('{}')).status).toBe(401);
    expect((await send('{}', { 'cl-x-token': body.app_secret_token })).status).toBe(202);
  });

  it('takes the old token until the grace of a rotation ends', async () => {
    const { body } = await app.call('POST', `/accounts/${account.id}/rotate-token`, {
      token: admin.token,
      body: { grace_seconds: 3600 },
    });
    expect((await send('{}')).status).toBe(202);
    expect((await send('{}', { 'cl-x-token': body.app_secret_token })).status).toBe(202);
    await app.dataSource.query(`UPDATE account_tokens SET expires_at = now() WHERE expires_at IS NOT NULL`);
    await waitFor(async () => (await send('{}')).status === 401);
  });

  it('refuses the events of a deleted account at once', async () => {
    expect((await send('{}')).status).toBe(202);
    await app.call('DELETE', `/accounts/${account.id}`, { token: admin.token });
    expect((await send('{}')).status).toBe(401);
  });

  it('answers 503 within two seconds while somebody works on the table, and goes on after', async () => {
    const locker = app.dataSource.createQueryRunner();
    await locker.startTransaction();
    await locker.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    const startedAt = performance.now();
    const refused = await send('{}', { 'cl-x-event-id': 'locked-out' });
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    await locker.rollbackTransaction();
    await locker.release();
    expect((await send('{}', { 'cl-x-event-id': 'locked-out' })).status).toBe(202);
  });
});
