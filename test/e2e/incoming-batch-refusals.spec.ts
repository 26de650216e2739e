import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, createDestination, registerAdmin } from '../support/factories.js';
import {
  NOTHING_STORED,
  batchOf,
  createUnlimitedAccount,
  sendBatch,
  stored,
} from '../support/incoming-data.js';

describe('a batch of incoming data is refused whole and stores nothing:', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    account = await createUnlimitedAccount(app, admin);
  });

  afterAll(() => app?.close());

  const send = (body: string | Buffer, headers: Record<string, string> = {}) =>
    sendBatch(app, account, body, headers);

  const refused = async (answer: TestAnswer, status: number, code: string) => {
    expect(answer.body).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
    expect(await stored(app, account)).toEqual(NOTHING_STORED);
  };

  it('no token, whatever else is wrong', async () => {
    const headers = { 'cl-x-token': 'nobody', 'cl-x-event-id': 'x', 'content-type': 'garbage' };
    await refused(await send('x', headers), 401, 'unauthenticated');
  });

  it('an event id for the whole of it, before the content type', async () => {
    const answer = await send(batchOf('a'), { 'cl-x-event-id': 'a', 'content-type': 'text/plain' });
    await refused(answer, 400, 'invalid_data');
    expect(answer.body.errors[0].field).toBe('CL-X-EVENT-ID');
  });

  it('another content type, before the size', async () => {
    const answer = await send(Buffer.alloc(4_200_000, ' '), { 'content-type': 'text/plain' });
    await refused(answer, 415, 'unsupported_media_type');
  });

  it('more than 4 MiB', async () => {
    await refused(await send(Buffer.alloc(4 * 1024 * 1024 + 1, ' ')), 413, 'payload_too_large');
  });

  it.each([
    ['no JSON', '[{"data":{}}'],
    ['no array', '{"data":{}}'],
    ['an empty array', '[]'],
    ['501 events', JSON.stringify(Array.from({ length: 501 }, () => ({ data: {} })))],
    ['an event of 201 levels', `[{"data":${'['.repeat(201)}${']'.repeat(201)}}]`],
    ['half a million levels', '['.repeat(500_000)],
  ])('%s', async (_, body) => {
    await refused(await send(body), 400, 'invalid_data');
  });

  it('more deliveries than one statement should store', async () => {
    for (let n = 0; n < 21; n++)
      await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/hook' });
    const answer = await send(batchOf(...Array.from({ length: 500 }, (_, n) => `wide-${n}`)));
    await refused(answer, 413, 'payload_too_large');
    expect(answer.body.detail).toContain('10500 deliveries');
  });
});
