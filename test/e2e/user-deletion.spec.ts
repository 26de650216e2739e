import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestUser,
  UNKNOWN,
  addMember,
  createAccount,
  createDestination,
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

const users = (method: string, id: string, token = admin.token, body?: unknown) =>
  app.call(method, `/user/users/${id}`, { token, body });
const remove = (id: string) => users('DELETE', id);
const profile = (token: string) => app.call('GET', '/user/profile', { token });

/** An Admin beside the first one. */
async function newAdmin(): Promise<TestUser> {
  const user = await registerUser(app);
  expect((await users('PATCH', user.user.id, admin.token, { role: 'Admin' })).status).toBe(200);
  return user;
}

describe('DELETE /user/users/{id}', () => {
  it('takes sessions and memberships away; what the user made stays and says so', async () => {
    const user = await newAdmin();
    const account = await createAccount(app, user);
    await addMember(app, user, account, admin, 'Admin');
    const destination = await createDestination(app, user, account, { url: 'http://127.0.0.1:9/hook' });
    const invitation = await app.call('POST', `/accounts/${account.id}/members`, {
      token: user.token,
      body: { email: 'invited@example.com', role_name: 'User' },
    });
    expect(await remove(user.user.id)).toMatchObject({ status: 204, body: '' });
    expect((await profile(user.token)).status).toBe(401);
    const refresh = { refresh_token: user.refreshToken };
    expect((await app.call('POST', '/user/refresh', { body: refresh })).status).toBe(401);
    expectProblem(await users('GET', user.user.id), 404, 'not_found');
    expectProblem(await remove(user.user.id), 404, 'not_found');
    const read = async (path: string) => (await app.call('GET', path, { token: admin.token })).body;
    const path = `/accounts/${account.id}`;
    expect((await read(path)).created_by).toBe(user.user.id);
    expect((await read(`${path}/destinations/${destination.id}`)).created_by).toBe(user.user.id);
    expect((await read(`${path}/members/${invitation.body.id}`)).status).toBe('invited');
    const left = (await read(`${path}/members`)).data.map(({ user_id }: { user_id: string }) => user_id);
    expect(left).not.toContain(user.user.id);
  });

  it('frees the e-mail for somebody else, who gets nothing of what was there', async () => {
    const user = await registerUser(app);
    const account = await createAccount(app, admin);
    await addMember(app, admin, account, user, 'User');
    await remove(user.user.id);
    const next = await registerUser(app, { email: user.email });
    expect(next.user.id).not.toBe(user.user.id);
    expect((await app.call('GET', `/accounts/${account.id}`, { token: next.token })).status).toBe(404);
  });

  it('is 409 for the last Admin of an account, which it names, until another member is Admin', async () => {
    const user = await newAdmin();
    const account = await createAccount(app, user);
    const refused = await remove(user.user.id);
    expectProblem(refused, 409, 'last_admin');
    expect(refused.body.detail).toContain(account.id);
    expect((await profile(user.token)).status).toBe(200);
    await addMember(app, admin, account, await registerUser(app), 'Admin');
    expect((await remove(user.user.id)).status).toBe(204);
  });

  it('does not ask about accounts that are deleted', async () => {
    const user = await newAdmin();
    const account = await createAccount(app, user);
    expect((await app.call('DELETE', `/accounts/${account.id}`, { token: user.token })).status).toBe(204);
    expect((await remove(user.user.id)).status).toBe(204);
  });

  it('lets an Admin leave who is not the last one', async () => {
    const user = await newAdmin();
    expect((await users('DELETE', user.user.id, user.token)).status).toBe(204);
    expect((await profile(user.token)).status).toBe(401);
  });

  it('is 404 for ids that are none', async () => {
    for (const id of [UNKNOWN, 'abc']) expectProblem(await remove(id), 404, 'not_found');
  });
});
