import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, registerAdmin } from '../support/factories.js';
import { NOTHING_STORED, createUnlimitedAccount, sendEvent, stored } from '../support/incoming-data.js';

describe('incoming data', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    account = await createUnlimitedAccount(app, admin);
  });

  afterAll(() => app?.close());

  const send = (body: string | Buffer, headers: Record<string, string> = {}) =>
    sendEvent(app, account, body, headers);

  describe('refuses, in this order, and stores nothing', () => {
    const refused = async (
      answer: { status: number; body: { code: string; status: number } },
      status: number,
      code: string,
    ) => {
      expect(answer.body).toMatchObject({ status, code });
      expect(answer.status).toBe(status);
      expect(await stored(app, account)).toEqual(NOTHING_STORED);
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
      expect(await stored(app, account)).toEqual(NOTHING_STORED);
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
});
