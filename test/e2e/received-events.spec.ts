import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const DAY_MS = 86_400_000;

let app: TestApp;
let admin: TestUser;
let user: TestUser;
let account: TestAccount;
let destination: { id: string };

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  admin = await registerAdmin(app);
  user = await registerUser(app);
  account = await createAccount(app, admin);
  await unlimited(app, admin, account);
  await addMember(app, admin, account, user, 'User');
  await send('first', '[1, 2.50]');
  destination = await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/' });
  await send('second', '{"event_type": "user.update", "data": {"id": "USR-123"}}');
  await send('large', JSON.stringify({ event_type: 'user.update', text: 'x'.repeat(8192) }));
});

afterAll(() => app?.close());

async function send(eventId: string, raw: string, to = account): Promise<void> {
  const headers = { 'cl-x-token': to.app_secret_token, 'cl-x-event-id': eventId };
  expect((await app.call('POST', '/server/incoming_data', { raw, headers })).status).toBe(202);
}

const get = (path = '', token: string | undefined = user.token) =>
  app.call('GET', `/accounts/${account.id}/incoming-data${path}`, { token });
const idsOf = async (query: string): Promise<string[]> => {
  const { status, body } = await get(query);
  expect(status).toBe(200);
  return body.data.map((event: { event_id: string }) => event.event_id);
};

describe('the incoming data of an account', () => {
  it('is listed newest first with what was sent', async () => {
    const { body } = await get();
    expect(body.data).toEqual([
      {
        id: expect.any(String),
        account_id: account.id,
        event_id: 'large',
        event_type: 'user.update',
        received_at: expect.stringMatching(/^\d{4}-.*Z$/),
        size: 8192 + 38,
        payload: null,
        destinations: [destination.id],
      },
      expect.objectContaining({
        event_id: 'second',
        payload: { event_type: 'user.update', data: { id: 'USR-123' } },
      }),
      expect.objectContaining({ event_id: 'first', event_type: null, payload: [1, 2.5], destinations: [] }),
    ]);
    expect(body.page).toEqual({ next: null, limit: 50 });
  });

  it('is found by type, id and time, together as well', async () => {
    const { body } = await get();
    const at = body.data[1].received_at;
    expect(await idsOf('?event_type=user.update')).toEqual(['large', 'second']);
    expect(await idsOf('?event_id=second')).toEqual(['second']);
    expect(await idsOf('?event_id=third')).toEqual([]);
    expect(await idsOf('?event_id=first&event_type=user.update')).toEqual([]);
    expect(await idsOf(`?from=${at}&event_type=user.update`)).toEqual(['large', 'second']);
    expect(await idsOf(`?to=${at}`)).toEqual(['first']);
    expect(await idsOf(`?from=2020-01-01&to=2020-02-01`)).toEqual([]);
  });

  it('is paged', async () => {
    const first = await get('?limit=2');
    expect(first.body.data).toHaveLength(2);
    expect(await idsOf(`?limit=2&cursor=${first.body.page.next}`)).toEqual(['first']);
  });

  it.each(['limit=0', 'cursor=x', 'from=today', 'status=success', 'event_type=%00'])(
    'refuses ?%s by name',
    async (query) => {
      const answer = await get(`?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toMatchObject([{ field: query.split('=')[0] }]);
    },
  );

  it('is read one by one, whole', async () => {
    const { status, body } = await get('/large');
    expect(status).toBe(200);
    expect(body).toMatchObject({ event_id: 'large', size: 8230, destinations: [destination.id] });
    expect(body.payload.text).toHaveLength(8192);
    expect((await get('/third')).status).toBe(404);
    expect((await get('/%00')).status).toBe(404);
  });

  it('is nobody else’s', async () => {
    const stranger = await registerUser(app);
    const other = await createAccount(app, admin);
    await send('theirs', '{}', other);
    expect((await get('/theirs')).status).toBe(404);
    expect((await get('', stranger.token)).status).toBe(404);
    expect((await get('/first', stranger.token)).status).toBe(404);
    expect((await get('', '')).status).toBe(401);
  });

  it('tells of an event whose body retention removed what is still known', async () => {
    const receivedAt = Math.floor(Date.now() / DAY_MS) * DAY_MS - 40 * DAY_MS;
    await app.dataSource.query('INSERT INTO event_keys VALUES ($1, $2, $3, $4)', [
      account.id,
      'gone',
      uuidv7({ msecs: receivedAt }),
      Buffer.alloc(32),
    ]);
    expect((await get('/gone')).body).toMatchObject({
      event_id: 'gone',
      received_at: new Date(receivedAt).toISOString(),
      payload: null,
      size: null,
      destinations: null,
    });
    expect(await idsOf('?event_id=gone')).toEqual([]);
  });
});
