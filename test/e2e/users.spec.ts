import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestUser, registerAdmin, registerUser } from '../support/factories.js';

let app: TestApp;
let admin: TestUser;
beforeAll(async () => {
  app = await createTestApp();
  admin = await registerAdmin(app);
});
afterAll(() => app.close());

const register = (body: unknown) => app.call('POST', '/user/register', { body });
const login = (email: string, password: string) =>
  app.call('POST', '/user/login', { body: { email, password } });
const profile = (token: string) => app.call('GET', '/user/profile', { token });
const putProfile = (token: string | undefined, body: unknown) =>
  app.call('PUT', '/user/profile', { token, body });
const refresh = (token: string) => app.call('POST', '/user/refresh', { body: { refresh_token: token } });

let counter = 0;
const newEmail = () => `new-${counter++}@example.com`;
const passwordHashes = async (): Promise<string[]> => {
  const rows: { password_hash: string }[] = await app.dataSource.query('SELECT password_hash FROM users');
  return rows.map((row) => row.password_hash);
};

describe('registering', () => {
  it('makes the first user Admin and the next one User, without tokens in the answer', async () => {
    const email = newEmail();
    const answer = await register({ email: ` ${email.toUpperCase()}`, password: 'Demo@123' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      email,
      role: 'User',
      disabled: false,
      created_by: answer.body.id,
      updated_by: answer.body.id,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: expect.any(String),
    });
    expect(admin.user.role).toBe('Admin');
    expect((await login(email, 'Demo@123')).status).toBe(200);
  });

  it('takes the passwords of the seeds and stores argon2id of them', async () => {
    for (const password of ['Demo@123', 'Demo@1234'])
      expect((await register({ email: newEmail(), password })).status).toBe(201);
    for (const hash of await passwordHashes()) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it.each(['long '.repeat(25), '\ud800\udfff\ud800 halves', 'with \0 NUL', 'пароль из слов', '  spaces  '])(
    'takes the password %j as it is',
    async (password) => {
      const email = newEmail();
      expect((await register({ email, password })).status).toBe(201);
      expect((await login(email, password)).status).toBe(200);
      expect((await login(email, password.trim())).status).toBe(password === password.trim() ? 200 : 401);
    },
  );

  it('answers 409 to a taken e-mail, in any case', async () => {
    const answer = await register({ email: admin.email.toUpperCase(), password: 'Demo@123' });
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'email_taken', errors: [{ field: 'email', message: 'is taken' }] },
    });
  });

  it('lets one of many with the same e-mail through', async () => {
    const email = newEmail();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => register({ email, password: 'Demo@123' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      201,
      ...Array.from({ length: 9 }, () => 409),
    ]);
  });

  it.each([
    ['email', { password: 'Demo@123' }],
    ['email', { email: null, password: 'Demo@123' }],
    ['email', { email: 7, password: 'Demo@123' }],
    ['email', { email: 'ann@', password: 'Demo@123' }],
    ['email', { email: '"a\0n"@example.com', password: 'Demo@123' }],
    ['email', { email: 'ann\ud800@example.com', password: 'Demo@123' }],
    ['email', { email: `${'a'.repeat(64)}@${'b'.repeat(190)}.com`, password: 'Demo@123' }],
    ['password', { email: 'ann@example.com' }],
    ['password', { email: 'ann@example.com', password: null }],
    ['password', { email: 'ann@example.com', password: ['Demo@123'] }],
    ['password', { email: 'ann@example.com', password: 'Demo@12' }],
    ['password', { email: 'ann@example.com', password: 'x'.repeat(129) }],
    ['password', { email: 'ann@example.com', password: 'Password123' }],
    ['password', { email: 'ann@example.com', password: 'Ann@Example.com' }],
    ['invite_token', { email: 'ann@example.com', password: 'Demo@123', invite_token: null }],
    ['invite_token', { email: 'ann@example.com', password: 'Demo@123', invite_token: 5 }],
    ['role', { email: 'ann@example.com', password: 'Demo@123', role: 'Admin' }],
  ])('names %s in %j', async (field, body) => {
    const answer = await register(body);
    expect(answer).toMatchObject({ status: 400, body: { title: 'Invalid Data', errors: [{ field }] } });
    expect(JSON.stringify(answer.body)).not.toContain('Demo@12');
  });
});

describe('the profile', () => {
  it('shows the caller', async () => {
    const user = await registerUser(app);
    expect(await profile(user.token)).toMatchObject({
      status: 200,
      body: { id: user.user.id, email: user.email },
    });
    expect((await profile('')).status).toBe(401);
    expect((await putProfile(undefined, { currentPassword: 'x' })).status).toBe(401);
  });

  it('takes a new e-mail, which goes on to its memberships, and keeps the session', async () => {
    const user = await registerUser(app);
    const email = newEmail();
    const [account] = await app.dataSource.query(
      `INSERT INTO accounts (id, account_name) VALUES (gen_random_uuid(), 'A') RETURNING id`,
    );
    const add = (address: string, userId: string | null, invite: Buffer | null) =>
      app.dataSource.query(
        `INSERT INTO members (id, account_id, user_id, email, role_name, invite_token_sha256)
         VALUES (gen_random_uuid(), $1, $2, $3, 'User', $4)`,
        [account.id, userId, address, invite],
      );
    await add(user.email, user.user.id, null);
    await add('invited@example.com', null, Buffer.alloc(32, 1));

    const answer = await putProfile(user.token, { email, currentPassword: user.password });
    expect(answer).toMatchObject({ status: 200, body: { user: { email, updated_by: user.user.id } } });
    expect(answer.body.access_token).toBeUndefined();
    expect((await profile(user.token)).body.email).toBe(email);
    const rows = await app.dataSource.query('SELECT email FROM members WHERE user_id = $1', [user.user.id]);
    expect(rows).toEqual([{ email }]);
    const clash = { email: 'invited@example.com', currentPassword: user.password };
    expect(await putProfile(user.token, clash)).toMatchObject({
      status: 409,
      body: { errors: [{ field: 'email' }] },
    });
    expect((await profile(user.token)).body.email).toBe(email);
  });

  it('answers 409 to the e-mail of somebody else and changes nothing, the password included', async () => {
    const user = await registerUser(app);
    const body = { email: admin.email, currentPassword: user.password, newPassword: 'another one' };
    expect(await putProfile(user.token, body)).toMatchObject({ status: 409, body: { code: 'email_taken' } });
    expect((await login(user.email, user.password)).status).toBe(200);
  });

  it('answers 400 naming currentPassword when that is wrong, and the session goes on', async () => {
    const user = await registerUser(app);
    const body = { currentPassword: 'wrong one', newPassword: 'another one' };
    const answer = await putProfile(user.token, body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'currentPassword' }] } });
    expect((await profile(user.token)).status).toBe(200);
    expect((await login(user.email, 'another one')).status).toBe(401);
  });

  it('takes a new password, ends every session at once and starts one', async () => {
    const user = await registerUser(app);
    const { body: other } = await login(user.email, user.password);
    const body = { currentPassword: user.password, newPassword: 'another one' };
    const answer = await putProfile(user.token, body);
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer', user: { id: user.user.id } } });
    for (const token of [user.token, other.access_token]) expect((await profile(token)).status).toBe(401);
    for (const token of [user.refreshToken, other.refresh_token])
      expect((await refresh(token)).status).toBe(401);
    expect((await profile(answer.body.access_token)).status).toBe(200);
    expect((await refresh(answer.body.refresh_token)).status).toBe(200);
    expect((await login(user.email, user.password)).status).toBe(401);
    expect((await login(user.email, 'another one')).status).toBe(200);
  });

  it.each([
    ['currentPassword', {}],
    ['currentPassword', { currentPassword: null }],
    ['currentPassword', { currentPassword: 1 }],
    ['email', { currentPassword: 'Demo@123-long', email: null }],
    ['email', { currentPassword: 'Demo@123-long', email: 'ann' }],
    ['newPassword', { currentPassword: 'Demo@123-long', newPassword: null }],
    ['newPassword', { currentPassword: 'Demo@123-long', newPassword: 'short' }],
    ['newPassword', { currentPassword: 'Demo@123-long', newPassword: 'password123' }],
    [
      'newPassword',
      { currentPassword: 'Demo@123-long', newPassword: 'e@example.com', email: 'E@example.com' },
    ],
    ['role', { currentPassword: 'Demo@123-long', role: 'Admin' }],
  ])('names %s in %j', async (field, body) => {
    expect(await putProfile(admin.token, body)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
    expect((await profile(admin.token)).body.email).toBe(admin.email);
  });
});

describe('the list of users', () => {
  const list = (query = '', token: string | undefined = admin.token) =>
    app.call('GET', `/user/users${query}`, { token });

  it('is for Admins', async () => {
    expect((await list('', '')).status).toBe(401);
    const { token } = await registerUser(app);
    expect(await list('', token)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  it('comes newest first in pages, without password hashes', async () => {
    const newest = await registerUser(app);
    const seen: string[] = [];
    for (let query = '?limit=7'; query;) {
      const { body, status } = await list(query);
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toContain('argon2');
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      query = body.page.next ? `?limit=7&cursor=${body.page.next}` : '';
    }
    expect(seen[0]).toBe(newest.user.id);
    expect(seen.at(-1)).toBe(admin.user.id);
    expect(seen).toEqual([...new Set(seen)].sort().reverse());
    expect(seen).toHaveLength((await passwordHashes()).length);
  });

  it('finds a part of the e-mail, wild cards taken literally', async () => {
    const user = await registerUser(app, { email: 'Find_Me+1@Example.com' });
    const found = (await list('?q=FIND_me')).body.data;
    expect(found.map(({ id }: { id: string }) => id)).toEqual([user.user.id]);
    expect((await list('?q=f%25me')).body.data).toEqual([]);
  });

  it.each(['?limit=0', '?limit=201', '?limit=x', '?cursor=abc', '?q=', '?email=a', '?q=a&q=b'])(
    'answers 400 to %s',
    async (query) => {
      expect((await list(query)).status).toBe(400);
    },
  );
});
