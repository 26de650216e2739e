import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTwoAccounts } from '../support/accounts.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, UNKNOWN, registerUser } from '../support/factories.js';
import { createAccountWithMembers, memberCalls, newEmail } from '../support/members.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let admin: TestUser;
let owner: TestUser;
let member: TestUser;
let otherOwner: TestUser;
let stranger: TestUser;
let account: TestAccount;

beforeAll(async () => {
  app = await createTestApp();
  ({ admin, owner, member, otherOwner, stranger } = await createTwoAccounts(app));
});

beforeEach(async () => {
  ({ account } = await createAccountWithMembers(app, { admin, owner, member }));
});

afterAll(() => app?.close());

const { path, add, list } = memberCalls(() => ({ app, owner, account }));

describe('POST /accounts/{accountId}/members', () => {
  it('makes a known user a member', async () => {
    const answer = await add({ email: ` ${stranger.email.toUpperCase()} `, role_name: 'User' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      account_id: account.id,
      user_id: stranger.user.id,
      email: stranger.email,
      role_name: 'User',
      status: 'member',
      created_by: owner.user.id,
      updated_by: owner.user.id,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: expect.any(String),
    });
    const seen = await app.call('GET', `/accounts/${account.id}`, { token: stranger.token });
    expect(seen.status).toBe(200);
    await app.call('DELETE', path(answer.body.id), { token: owner.token });
  });

  it('invites an unknown e-mail; the token is in this answer only and stored as a hash', async () => {
    const email = newEmail();
    const answer = await add({ email, role_name: 'Admin' });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ user_id: null, email, role_name: 'Admin', status: 'invited' });
    expect(answer.body.invite_token).toMatch(/^[\w-]{43}$/);
    const read = await app.call('GET', path(answer.body.id), { token: owner.token });
    expect(read.body).not.toHaveProperty('invite_token');
    expect((await list()).every((row) => !('invite_token' in row))).toBe(true);
    const rows = await app.dataSource.query('SELECT * FROM members WHERE id = $1', [answer.body.id]);
    expect(JSON.stringify(rows)).not.toContain(answer.body.invite_token);
  });

  it('makes the invited person a member when they register with the token', async () => {
    const email = newEmail();
    const { body } = await add({ email, role_name: 'Admin' });
    const invited = await registerUser(app, { email, invite_token: body.invite_token });
    const read = await app.call('GET', path(body.id), { token: invited.token });
    expect(read.body).toMatchObject({ user_id: invited.user.id, status: 'member', role_name: 'Admin' });
    const token = (await app.call('GET', `/accounts/${account.id}`, { token: invited.token })).body
      .app_secret_token;
    expect(token).toBe(account.app_secret_token);
  });

  it.each([
    ['no e-mail', { role_name: 'User' }, 'email'],
    ['a null e-mail', { email: null, role_name: 'User' }, 'email'],
    ['a broken e-mail', { email: 'nobody', role_name: 'User' }, 'email'],
    ['an e-mail that is no text', { email: { a: 1 }, role_name: 'User' }, 'email'],
    ['a NUL in the e-mail', { email: 'a\0@example.com', role_name: 'User' }, 'email'],
    ['an e-mail that is too long', { email: `${'x'.repeat(250)}@example.com`, role_name: 'User' }, 'email'],
    ['no role', { email: 'a@example.com' }, 'role_name'],
    ['a null role', { email: 'a@example.com', role_name: null }, 'role_name'],
    ['an unknown role', { email: 'a@example.com', role_name: 'Owner' }, 'role_name'],
    ['a role of another case', { email: 'a@example.com', role_name: 'admin' }, 'role_name'],
    ['a role that is no text', { email: 'a@example.com', role_name: ['Admin'] }, 'role_name'],
    ['an unknown field', { email: 'a@example.com', role_name: 'User', user_id: UNKNOWN }, 'user_id'],
  ])('refuses %s', async (_, body, field) => {
    expectProblem(await add(body), 400, 'invalid_data', field);
    expect(await list()).toHaveLength(3);
  });

  it('makes an invited person a member who has registered without the invitation', async () => {
    const email = newEmail();
    const post = (role_name: string) =>
      app.call('POST', path(), { token: owner.token, body: { email, role_name } });
    const invitation = await post('Admin');
    const user = await registerUser(app, { email });
    expect((await app.call('GET', path(), { token: user.token })).status).toBe(404);
    const answer = await post('User');
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      id: invitation.body.id,
      user_id: user.user.id,
      role_name: 'User',
      status: 'member',
    });
    expect(answer.body.invite_token).toBeUndefined();
    const late = { email: newEmail(), password: 'Demo@123-long', invite_token: invitation.body.invite_token };
    expect((await app.call('POST', '/user/register', { body: late })).status).toBe(400);
    expectProblem(await post('Admin'), 409, 'conflict');
  });

  it('is 409 for a member and for who is invited', async () => {
    expectProblem(await add({ email: member.email, role_name: 'Admin' }), 409, 'conflict', 'email');
    const email = newEmail();
    expect((await add({ email, role_name: 'User' })).status).toBe(201);
    expectProblem(await add({ email: email.toUpperCase(), role_name: 'User' }), 409, 'conflict', 'email');
  });

  it('adds the same e-mail once, however many ask at once', async () => {
    for (const email of [newEmail(), stranger.email]) {
      const answers = await Promise.all([1, 2, 3, 4].map(() => add({ email, role_name: 'User' })));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    }
  });

  it('is for Admins of the account', async () => {
    const body = { email: newEmail(), role_name: 'User' };
    expectProblem(await app.call('POST', path(), { body }), 401, 'unauthenticated');
    expectProblem(await add(body, member.token), 403, 'forbidden');
    expectProblem(await add(body, stranger.token), 404, 'not_found');
    expectProblem(await add(body, otherOwner.token), 404, 'not_found');
    expectProblem(await app.call('POST', path('', UNKNOWN), { token: admin.token, body }), 404, 'not_found');
    expectProblem(await app.call('POST', path('', 'abc'), { token: admin.token, body }), 404, 'not_found');
    expect((await add(body, admin.token)).status).toBe(201);
  });
});
