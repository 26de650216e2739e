import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestUser,
  UNKNOWN,
  addMember,
  createAccount,
  registerAdmin,
  registerUser,
} from '../support/factories.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let admin: TestUser;
let user: TestUser;
beforeAll(async () => {
  app = await createTestApp({}, 'api');
  admin = await registerAdmin(app);
  user = await registerUser(app);
});
afterAll(() => app?.close());

let counter = 0;
const keys = (method: string, id = '', body?: unknown, token: string | undefined = user.token) =>
  app.call(method, `/user/api-keys${id && `/${id}`}`, { token, body });
const make = (body: object, owner = user) =>
  keys('POST', '', { currentPassword: owner.password, ...body }, owner.token);
const profile = (token: string) => app.call('GET', '/user/profile', { token });
const sql = (statement: string, ...parameters: unknown[]) => app.dataSource.query(statement, parameters);

async function newKey(owner = user, body: object = {}): Promise<{ id: string; key: string; name: string }> {
  const answer = await make({ name: `key ${counter++}`, ...body }, owner);
  expect(answer.status).toBe(201);
  return answer.body;
}

describe('making a key', () => {
  it('shows it in this answer only and stores its SHA-256', async () => {
    const made = await newKey(user, { name: ' billing ' });
    expect(made).toEqual({
      id: expect.any(String),
      name: 'billing',
      key: expect.stringMatching(/^dp_[\w-]{43}$/),
      prefix: made.key.slice(0, 9),
      expires_at: null,
      last_used_at: null,
      created_at: expect.any(String),
    });
    const { key, ...shown } = made;
    expect((await keys('GET', made.id)).body).toEqual(shown);
    expect((await keys('GET')).body.data).toContainEqual(shown);
    const [row] = await sql('SELECT * FROM api_keys WHERE id = $1', made.id);
    expect(row.key_sha256).toEqual(createHash('sha256').update(key).digest());
    expect(JSON.stringify(row)).not.toContain(key.slice(9));
  });

  it('takes a name once per user, however many ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => make({ name: 'the same' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)!.body.errors).toMatchObject([{ field: 'name' }]);
    expect((await make({ name: 'the same' }, admin)).status).toBe(201);
  });

  it.each([
    ['name', {}],
    ['name', { name: '' }],
    ['name', { name: '  ' }],
    ['name', { name: null }],
    ['name', { name: 'x'.repeat(101) }],
    ['expires_at', { name: 'x', expires_at: '2020-01-01T00:00:00Z' }],
    ['expires_at', { name: 'x', expires_at: 'soon' }],
    ['expires_at', { name: 'x', expires_at: 1 }],
    ['expires_at', { name: 'x', expires_at: '0000-01-01T00:00:00Z' }],
    ['currentPassword', { name: 'x', currentPassword: undefined }],
    ['currentPassword', { name: 'x', currentPassword: null }],
    ['currentPassword', { name: 'x', currentPassword: 'wrong one' }],
    ['key', { name: 'x', key: 'dp_mine' }],
    ['user_id', { name: 'x', user_id: UNKNOWN }],
    ['last_used_at', { name: 'x', last_used_at: null }],
  ])('names %s in %j', async (field, body) => {
    const answer = await make(body);
    expectProblem(answer, 400, 'invalid_data');
    expect(answer.body.errors).toMatchObject([{ field }]);
  });
});

describe('a key', () => {
  it('acts as its user, with the role that the database says now', async () => {
    const { key } = await newKey();
    expect(await profile(key)).toMatchObject({ status: 200, body: { id: user.user.id, role: 'User' } });
    const list = async () => (await app.call('GET', '/user/users', { token: key })).status;
    expect(await list()).toBe(403);
    await sql(`UPDATE users SET role = 'Admin' WHERE id = $1`, user.user.id);
    expect(await list()).toBe(200);
    await sql(`UPDATE users SET role = 'User' WHERE id = $1`, user.user.id);
    expect(await list()).toBe(403);
  });

  it('reaches the accounts of its user and no other', async () => {
    const [ours, theirs] = [await createAccount(app, admin), await createAccount(app, admin)];
    await addMember(app, admin, ours, user, 'User');
    const { key } = await newKey();
    const read = async (id: string) => (await app.call('GET', `/accounts/${id}`, { token: key })).status;
    expect([await read(ours.id), await read(theirs.id)]).toEqual([200, 404]);
  });

  it('may not touch sessions, passwords, keys, users and members, not even that of an Admin', async () => {
    const [made, account] = [await newKey(admin), await createAccount(app, admin)];
    const calls: [string, string, unknown?][] = [
      ['POST', '/user/api-keys', { name: 'offspring' }],
      ['DELETE', `/user/api-keys/${made.id}`],
      ['PUT', '/user/profile', { currentPassword: admin.password, newPassword: 'another one' }],
      ['POST', '/user/logout'],
      ['POST', '/user/users', { email: 'back@door.example.com', password: 'Demo@123', role: 'Admin' }],
      ['PATCH', `/user/users/${user.user.id}`, { role: 'Admin' }],
      ['DELETE', `/user/users/${user.user.id}`],
      ['POST', `/accounts/${account.id}/members`, { email: 'back@door.example.com', role_name: 'Admin' }],
      [
        'POST',
        '/account-members',
        { account_id: account.id, email: 'b@door.example.com', role_name: 'Admin' },
      ],
    ];
    for (const [method, path, body] of calls)
      expectProblem(await app.call(method, path, { token: made.key, body }), 403, 'forbidden');
    expect((await profile(admin.token)).status).toBe(200);
    expect((await profile(made.key)).status).toBe(200);
    expect((await app.call('GET', '/user/users', { token: made.key })).status).toBe(200);
  });

  it('is refused from its revocation on', async () => {
    const { id, key } = await newKey();
    expect(await keys('DELETE', id)).toMatchObject({ status: 204, body: '' });
    expectProblem(await profile(key), 401, 'unauthenticated');
    expectProblem(await keys('DELETE', id), 404, 'not_found');
  });

  it('is refused once it has expired', async () => {
    const { id, key } = await newKey(user, { expires_at: '2999-01-01T00:00:00Z' });
    expect((await keys('GET', id)).body.expires_at).toBe('2999-01-01T00:00:00.000Z');
    expect((await profile(key)).status).toBe(200);
    await sql('UPDATE api_keys SET expires_at = now() WHERE id = $1', id);
    expectProblem(await profile(key), 401, 'unauthenticated');
  });

  it('outlives a new password and the end of every session', async () => {
    const owner = await registerUser(app);
    const { key } = await newKey(owner);
    const body = { currentPassword: owner.password, newPassword: 'another one' };
    const changed = await app.call('PUT', '/user/profile', { token: owner.token, body });
    expect((await profile(key)).status).toBe(200);
    expect((await app.call('POST', '/user/logout', { token: changed.body.access_token })).status).toBe(204);
    expect((await profile(key)).status).toBe(200);
  });

  it('is refused while its user is disabled and for good when its user is deleted', async () => {
    const owner = await registerUser(app);
    const { key } = await newKey(owner);
    const patch = (disabled: boolean) =>
      app.call('PATCH', `/user/users/${owner.user.id}`, { token: admin.token, body: { disabled } });
    await patch(true);
    expectProblem(await profile(key), 401, 'unauthenticated');
    await patch(false);
    expect((await profile(key)).status).toBe(200);
    await app.call('DELETE', `/user/users/${owner.user.id}`, { token: admin.token });
    expectProblem(await profile(key), 401, 'unauthenticated');
    expect(await sql('SELECT 1 FROM api_keys WHERE user_id = $1', owner.user.id)).toEqual([]);
  });

  it.each([
    ['unknown', (key: string) => `dp_${'A'.repeat(key.length - 3)}`],
    ['cut', (key: string) => key.slice(0, -1)],
    ['longer', (key: string) => `${key}A`],
    ['padded', (key: string) => `${key}=`],
    ['of another case', (key: string) => key.toUpperCase()],
    ['without its mark', (key: string) => key.slice(3)],
    ['only the mark', () => 'dp_'],
    ['a pattern', () => 'dp_%'],
  ])('is refused when it is %s', async (_, change) => {
    const { key } = await newKey();
    const answer = await profile(change(key));
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect((await profile(key)).status).toBe(200);
  });

  it('is no account token, no refresh token and no cookie', async () => {
    const { key } = await newKey(admin);
    const cookie = { cookie: `data_pusher_board=${key}` };
    expect((await app.call('GET', '/queues/api/queues', { headers: cookie })).status).toBe(401);
    expect((await app.call('POST', '/user/refresh', { body: { refresh_token: key } })).status).toBe(401);
    const headers = { 'cl-x-token': key };
    expect((await app.call('POST', '/server/incoming_data', { headers, body: {} })).status).toBe(401);
  });

  it('of an Admin opens the queues', async () => {
    const open = async (owner: TestUser) =>
      (await app.call('GET', '/queues/api/queues', { token: (await newKey(owner)).key })).status;
    expect(await open(admin)).toBe(200);
    expect(await open(user)).toBe(403);
  });
});

describe('the last use of a key', () => {
  const lastUse = async (id: string): Promise<string | null> => (await keys('GET', id)).body.last_used_at;

  it('is noted, and not again within the minute, however many requests come at once', async () => {
    const { id, key } = await newKey();
    expect(await lastUse(id)).toBeNull();
    await Promise.all(Array.from({ length: 20 }, () => profile(key)));
    const first = await lastUse(id);
    expect(Date.now() - Date.parse(first!)).toBeLessThan(60_000);
    const version = async () => (await sql('SELECT xmin::text FROM api_keys WHERE id = $1', id))[0].xmin;
    const written = await version();
    await profile(key);
    expect(await version()).toBe(written);
    await sql(`UPDATE api_keys SET last_used_at = last_used_at - interval '61 seconds' WHERE id = $1`, id);
    await profile(key);
    expect(Date.parse((await lastUse(id))!)).toBeGreaterThanOrEqual(Date.parse(first!));
  });
});

describe('the keys of a user', () => {
  it('are listed newest first, in pages', async () => {
    const owner = await registerUser(app);
    const made = [];
    for (let i = 0; i < 5; i++) made.unshift((await newKey(owner)).id);
    const seen: string[] = [];
    for (let query = '?limit=2'; query;) {
      const { body } = await app.call('GET', `/user/api-keys${query}`, { token: owner.token });
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      query = body.page.next ? `?limit=2&cursor=${body.page.next}` : '';
    }
    expect(seen).toEqual(made);
  });

  it('are nobody else’s, not even an Admin’s', async () => {
    const { id, key } = await newKey();
    for (const method of ['GET', 'DELETE'])
      expectProblem(await keys(method, id, undefined, admin.token), 404, 'not_found');
    const listed = (await keys('GET', '', undefined, admin.token)).body.data;
    expect(listed.map((row: { id: string }) => row.id)).not.toContain(id);
    expect((await profile(key)).status).toBe(200);
    for (const unknown of [UNKNOWN, 'abc']) expectProblem(await keys('GET', unknown), 404, 'not_found');
  });

  it('are for who is signed in', async () => {
    for (const [method, id, body] of [
      ['GET', ''],
      ['GET', UNKNOWN],
      ['POST', '', { name: 'x' }],
      ['DELETE', UNKNOWN],
    ] as [string, string, object?][])
      expectProblem(await keys(method, id, body, ''), 401, 'unauthenticated');
  });

  it.each(['limit=0', 'cursor=abc', 'q=a'])('answer 400 to %s', async (query) => {
    const answer = await app.call('GET', `/user/api-keys?${query}`, { token: user.token });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: query.split('=')[0] }] } });
  });
});
