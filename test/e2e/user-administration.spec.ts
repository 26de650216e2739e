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
beforeAll(async () => {
  app = await createTestApp();
  admin = await registerAdmin(app);
});
afterAll(() => app?.close());

let counter = 0;
const newEmail = () => `made-${counter++}@example.com`;
const users = (method: string, id = '', body?: unknown, token: string | undefined = admin.token) =>
  app.call(method, `/user/users${id && `/${id}`}`, { token, body });
const create = (body: object) => users('POST', '', { email: newEmail(), password: 'Demo@123', ...body });
const patch = (id: string, body: unknown) => users('PATCH', id, body);
const remove = (id: string) => users('DELETE', id);
const profile = (token: string) => app.call('GET', '/user/profile', { token });
const login = (email: string, password: string) =>
  app.call('POST', '/user/login', { body: { email, password } });
const refresh = (token: string) => app.call('POST', '/user/refresh', { body: { refresh_token: token } });

/** An Admin beside the first one. */
async function newAdmin(): Promise<TestUser> {
  const user = await registerUser(app);
  expect((await patch(user.user.id, { role: 'Admin' })).status).toBe(200);
  return user;
}

describe('who is no Admin', () => {
  it('is refused by every call, and changes nothing', async () => {
    const user = await registerUser(app);
    const calls: [string, string, unknown?][] = [
      ['GET', user.user.id],
      ['POST', '', { email: newEmail(), password: 'Demo@123', role: 'Admin' }],
      ['PATCH', user.user.id, { role: 'Admin' }],
      ['DELETE', admin.user.id],
    ];
    for (const [method, id, body] of calls) {
      expectProblem(await users(method, id, body, ''), 401, 'unauthenticated');
      expectProblem(await users(method, id, body, user.token), 403, 'forbidden');
    }
    expect((await profile(user.token)).body.role).toBe('User');
    expect((await profile(admin.token)).status).toBe(200);
  });
});

describe('GET /user/users', () => {
  it('finds by role, state and part of the e-mail together', async () => {
    const [on, off] = [(await create({ role: 'Admin' })).body, (await create({ role: 'Admin' })).body];
    await patch(off.id, { disabled: true });
    const found = async (query: string) =>
      (await app.call('GET', `/user/users?${query}`, { token: admin.token })).body.data.map(
        ({ id }: { id: string }) => id,
      );
    expect(await found('role=Admin&disabled=true')).toEqual([off.id]);
    expect(await found(`role=Admin&disabled=false&q=${on.email}`)).toEqual([on.id]);
    expect(await found(`role=User&q=${on.email}`)).toEqual([]);
    expect(await found(`disabled=false&q=${off.email}`)).toEqual([]);
    await remove(on.id);
    await remove(off.id);
  });

  it.each(['role=Root', 'role=', 'disabled=1', 'disabled=', 'disabled=true&disabled=false', 'state=on'])(
    'answers 400 to %s and names it',
    async (query) => {
      const answer = await app.call('GET', `/user/users?${query}`, { token: admin.token });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: query.split('=')[0] }] } });
    },
  );
});

describe('GET /user/users/{id}', () => {
  it('shows a user, and 404 for ids that are none', async () => {
    const { user } = await registerUser(app);
    expect(await users('GET', user.id)).toMatchObject({ status: 200, body: user });
    for (const id of [UNKNOWN, 'abc']) expectProblem(await users('GET', id), 404, 'not_found');
  });
});

describe('POST /user/users', () => {
  it('makes a user who can sign in, of the role asked for, by whom', async () => {
    const made = await create({ role: 'Admin' });
    expect(made).toMatchObject({
      status: 201,
      body: { role: 'Admin', disabled: false, created_by: admin.user.id, updated_by: admin.user.id },
    });
    expect(JSON.stringify(made.body)).not.toMatch(/argon2|password/);
    expect(await login(made.body.email, 'Demo@123')).toMatchObject({
      status: 200,
      body: { user: made.body },
    });
    expect((await create({})).body.role).toBe('User');
    await remove(made.body.id);
  });

  it('answers 409 to a taken e-mail, in any case', async () => {
    expectProblem(await create({ email: admin.email.toUpperCase() }), 409, 'email_taken');
  });

  it('makes the user a member of every account that has invited the e-mail', async () => {
    const account = await createAccount(app, admin);
    const email = newEmail();
    const invited = await app.call('POST', `/accounts/${account.id}/members`, {
      token: admin.token,
      body: { email, role_name: 'User' },
    });
    const { body: made } = await create({ email });
    const path = `/accounts/${account.id}/members/${invited.body.id}`;
    expect((await app.call('GET', path, { token: admin.token })).body).toMatchObject({
      status: 'member',
      user_id: made.id,
      updated_by: admin.user.id,
    });
  });

  it.each([
    ['email', { email: undefined }],
    ['email', { email: 'ann' }],
    ['password', { password: undefined }],
    ['password', { password: 'short' }],
    ['password', { password: 'password123' }],
    ['role', { role: 'admin' }],
    ['role', { role: null }],
    ['disabled', { disabled: true }],
    ['id', { id: UNKNOWN }],
  ])('names %s in %j', async (field, body) => {
    const answer = await create(body);
    expectProblem(answer, 400, 'invalid_data');
    expect(answer.body.errors).toMatchObject([{ field }]);
  });
});

describe('PATCH /user/users/{id}', () => {
  it('changes the role at the next request of the user', async () => {
    const user = await registerUser(app);
    expect(await patch(user.user.id, { role: 'Admin' })).toMatchObject({
      status: 200,
      body: { id: user.user.id, role: 'Admin', updated_by: admin.user.id },
    });
    expect((await users('GET', user.user.id, undefined, user.token)).status).toBe(200);
    expect((await patch(user.user.id, { role: 'User' })).body.role).toBe('User');
    expectProblem(await users('GET', user.user.id, undefined, user.token), 403, 'forbidden');
  });

  it('disables at the next request; sessions from before stay dead when the user is enabled again', async () => {
    const user = await registerUser(app);
    expect((await patch(user.user.id, { disabled: true })).body.disabled).toBe(true);
    expect((await profile(user.token)).status).toBe(401);
    expect((await refresh(user.refreshToken)).status).toBe(401);
    expect((await login(user.email, user.password)).status).toBe(401);
    expect((await patch(user.user.id, { disabled: false })).body.disabled).toBe(false);
    expect((await profile(user.token)).status).toBe(401);
    expect((await refresh(user.refreshToken)).status).toBe(401);
    expect((await login(user.email, user.password)).status).toBe(200);
  });

  it('keeps the time of the first disabling, and what it is not told to change', async () => {
    const user = await registerUser(app);
    const disabledAt = async () =>
      (await app.dataSource.query('SELECT disabled_at FROM users WHERE id = $1', [user.user.id]))[0]
        .disabled_at as Date;
    await patch(user.user.id, { disabled: true });
    const first = await disabledAt();
    await patch(user.user.id, { disabled: true });
    await patch(user.user.id, { role: 'Admin' });
    expect(await patch(user.user.id, {})).toMatchObject({
      status: 200,
      body: { role: 'Admin', disabled: true },
    });
    expect(await disabledAt()).toEqual(first);
    await remove(user.user.id);
  });

  it('locks out the last Admin of an account as well: that never waits', async () => {
    const user = await registerUser(app);
    const account = await createAccount(app, admin);
    await addMember(app, admin, account, user, 'Admin');
    const { body } = await app.call('GET', `/accounts/${account.id}/members`, { token: admin.token });
    const creator = body.data.find((member: { user_id: string }) => member.user_id === admin.user.id);
    await app.call('DELETE', `/accounts/${account.id}/members/${creator.id}`, { token: admin.token });
    expect((await patch(user.user.id, { disabled: true })).status).toBe(200);
    expect((await app.call('GET', `/accounts/${account.id}`, { token: admin.token })).status).toBe(200);
  });

  it.each([
    ['role', { role: 'Root' }],
    ['role', { role: null }],
    ['disabled', { disabled: 'true' }],
    ['disabled', { disabled: null }],
    ['email', { email: 'new@example.com' }],
    ['password', { password: 'Demo@123' }],
    ['token_version', { token_version: 0 }],
  ])('names %s in %j', async (field, body) => {
    const { user } = await registerUser(app);
    const answer = await patch(user.id, body);
    expectProblem(answer, 400, 'invalid_data');
    expect(answer.body.errors).toMatchObject([{ field }]);
    expect((await users('GET', user.id)).body).toEqual({ ...user, updated_at: expect.any(String) });
  });

  it('is 404 for ids that are none', async () => {
    for (const id of [UNKNOWN, 'abc']) expectProblem(await patch(id, { disabled: true }), 404, 'not_found');
  });
});

describe('the last Admin', () => {
  it('can be neither demoted nor disabled nor deleted; disabled Admins do not count', async () => {
    const disabled = await newAdmin();
    await patch(disabled.user.id, { disabled: true });
    const { id } = admin.user;
    for (const answer of [
      await patch(id, { role: 'User' }),
      await patch(id, { disabled: true }),
      await patch(id, { role: 'User', disabled: true }),
      await remove(id),
    ])
      expectProblem(answer, 409, 'last_admin');
    expect((await profile(admin.token)).body).toMatchObject({ role: 'Admin', disabled: false });
    expect((await patch(id, { role: 'Admin', disabled: false })).status).toBe(200);
    expect((await patch(disabled.user.id, { role: 'User' })).status).toBe(200);
  });
});
