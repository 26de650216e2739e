import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { type HeldRows, atOnce } from '../support/at-once.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  registerAdmin,
  registerUser,
} from '../support/factories.js';

interface MemberAnswer {
  id: string;
  user_id: string | null;
  email: string;
  role_name: string;
  status: string;
}

const UNKNOWN = '01920000-0000-7000-8000-000000000000';

let app: TestApp;
let admin: TestUser;
let owner: TestUser;
let member: TestUser;
let otherOwner: TestUser;
let stranger: TestUser;
let other: TestAccount;
let account: TestAccount;
let ownerRow: { id: string };
let memberRow: { id: string };
let counter = 0;

beforeAll(async () => {
  app = await createTestApp();
  admin = await registerAdmin(app);
  [owner, member, otherOwner, stranger] = await Promise.all([
    registerUser(app),
    registerUser(app),
    registerUser(app),
    registerUser(app),
  ]);
  other = await createAccount(app, admin);
  await addMember(app, admin, other, otherOwner, 'Admin');
});

beforeEach(async () => {
  account = await createAccount(app, admin);
  ownerRow = await addMember(app, admin, account, owner, 'Admin');
  memberRow = await addMember(app, admin, account, member, 'User');
});

afterAll(() => app?.close());

function expectProblem(answer: TestAnswer, status: number, code: string, field?: string): void {
  expect(answer.body).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  if (status === 400) expect(answer.body.title).toBe('Invalid Data');
  if (field) expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
}

const newEmail = () => `invited-${counter++}@example.com`;
const path = (id = '', accountId = account.id) => `/accounts/${accountId}/members${id && `/${id}`}`;
const add = (body: unknown, token = owner.token) => app.call('POST', path(), { token, body });
const list = async (query = '', token = owner.token): Promise<MemberAnswer[]> =>
  (await app.call('GET', path() + query, { token })).body.data;
const theAccount = (): HeldRows => ({ table: 'accounts', ids: [account.id] });
const adminRow = async () => (await list()).find(({ user_id }) => user_id === admin.user.id)!;
/** Leaves `owner` as the only Admin that can sign in. */
const leaveOneAdmin = async () => app.call('DELETE', path((await adminRow()).id), { token: admin.token });

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

describe('GET /accounts/{accountId}/members', () => {
  it('lists members and invitations of this account, newest first, to every member', async () => {
    const email = newEmail();
    await add({ email, role_name: 'User' });
    const rows = await list('', member.token);
    expect(rows.map((row) => row.email)).toEqual([email, member.email, owner.email, admin.email]);
    expect(rows.map((row) => row.status)).toEqual(['invited', 'member', 'member', 'member']);
  });

  it('pages through all of them', async () => {
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = `?limit=1${cursor && `&cursor=${cursor}`}`;
      const { body }: TestAnswer = await app.call('GET', path() + query, { token: member.token });
      seen.push(...body.data.map(({ email }: MemberAnswer) => email));
      cursor = body.page.next;
    }
    expect(seen).toEqual([member.email, owner.email, admin.email]);
  });

  it('finds part of the e-mail, wildcards taken literally', async () => {
    await add({ email: 'find_me%x@example.com', role_name: 'User' });
    expect((await list('?q=FIND_ME%25')).map(({ email }) => email)).toEqual(['find_me%x@example.com']);
    expect(await list('?q=find__e')).toEqual([]);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=x', 'limit'],
    ['cursor=bogus', 'cursor'],
    ['q=', 'q'],
    ['q=%00', 'q'],
    ['role_name=admin', 'role_name'],
    ['created_to=yesterday', 'created_to'],
    ['created_from=2026-02-01&created_to=2026-02-01', 'created_to'],
    ['role=Admin', 'role'],
  ])('refuses ?%s', async (query, field) => {
    expectProblem(
      await app.call('GET', `${path()}?${query}`, { token: owner.token }),
      400,
      'invalid_data',
      field,
    );
  });

  it('is for members', async () => {
    expectProblem(await app.call('GET', path()), 401, 'unauthenticated');
    for (const caller of [stranger, otherOwner])
      expectProblem(await app.call('GET', path(), { token: caller.token }), 404, 'not_found');
    expectProblem(await app.call('GET', path('', UNKNOWN), { token: admin.token }), 404, 'not_found');
  });
});

describe('GET /accounts/{accountId}/members/{id}', () => {
  it('shows a member to members', async () => {
    const answer = await app.call('GET', path(ownerRow.id), { token: member.token });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: ownerRow.id, email: owner.email, role_name: 'Admin' });
  });

  it('follows a change of the user’s e-mail', async () => {
    const changing = await registerUser(app);
    const row = await addMember(app, admin, account, changing, 'User');
    const email = newEmail();
    const body = { email, currentPassword: changing.password };
    expect((await app.call('PUT', '/user/profile', { token: changing.token, body })).status).toBe(200);
    expect((await app.call('GET', path(row.id), { token: owner.token })).body.email).toBe(email);
  });

  it('is 404 for members of other accounts, unknown ids, ids that are none, and for strangers', async () => {
    const foreign = await addMember(app, admin, other, stranger, 'User');
    for (const id of [foreign.id, UNKNOWN, 'abc', '7', '%00'])
      expectProblem(await app.call('GET', path(id), { token: owner.token }), 404, 'not_found');
    await app.call('DELETE', path(foreign.id, other.id), { token: admin.token });
    for (const caller of [stranger, otherOwner])
      expectProblem(await app.call('GET', path(ownerRow.id), { token: caller.token }), 404, 'not_found');
    expectProblem(await app.call('GET', path(ownerRow.id)), 401, 'unauthenticated');
  });
});

describe('PUT /accounts/{accountId}/members/{id}', () => {
  const put = (id: string, body: unknown, token = owner.token) => app.call('PUT', path(id), { token, body });

  it('changes the role, of invitations too', async () => {
    const answer = await put(memberRow.id, { role_name: 'Admin' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      role_name: 'Admin',
      updated_by: owner.user.id,
      created_by: admin.user.id,
    });
    expect(
      (await app.call('PATCH', `/accounts/${account.id}`, { token: member.token, body: {} })).status,
    ).toBe(200);
    const invitation = await add({ email: newEmail(), role_name: 'Admin' });
    expect((await put(invitation.body.id, { role_name: 'User' })).body.role_name).toBe('User');
  });

  it('takes effect at the next request', async () => {
    await put(memberRow.id, { role_name: 'Admin' });
    expect((await put(ownerRow.id, { role_name: 'User' }, member.token)).status).toBe(200);
    expectProblem(await put(memberRow.id, { role_name: 'User' }), 403, 'forbidden');
  });

  it.each([
    ['no role', {}, 'role_name'],
    ['a null role', { role_name: null }, 'role_name'],
    ['an unknown role', { role_name: 'Root' }, 'role_name'],
    ['an e-mail, which does not change here', { role_name: 'User', email: 'a@example.com' }, 'email'],
    ['another account', { role_name: 'User', account_id: UNKNOWN }, 'account_id'],
  ])('refuses %s', async (_, body, field) => {
    expectProblem(await put(memberRow.id, body), 400, 'invalid_data', field);
  });

  it('is 404 for members of other accounts, unknown ids and ids that are none', async () => {
    const foreign = await addMember(app, admin, other, stranger, 'User');
    for (const id of [foreign.id, UNKNOWN, 'abc'])
      expectProblem(await put(id, { role_name: 'Admin' }), 404, 'not_found');
    const untouched = await app.call('GET', path(foreign.id, other.id), { token: admin.token });
    expect(untouched.body.role_name).toBe('User');
    await app.call('DELETE', path(foreign.id, other.id), { token: admin.token });
  });

  it('is for Admins of the account', async () => {
    expectProblem(
      await app.call('PUT', path(memberRow.id), { body: { role_name: 'Admin' } }),
      401,
      'unauthenticated',
    );
    expectProblem(await put(memberRow.id, { role_name: 'Admin' }, member.token), 403, 'forbidden');
    for (const caller of [stranger, otherOwner])
      expectProblem(await put(memberRow.id, { role_name: 'Admin' }, caller.token), 404, 'not_found');
  });
});

describe('DELETE /accounts/{accountId}/members/{id}', () => {
  const remove = (id: string, token?: string) => app.call('DELETE', path(id), { token });

  it('takes the account away from the user at once', async () => {
    const answer = await remove(memberRow.id, owner.token);
    expect(answer.status).toBe(204);
    expect(answer.body).toBe('');
    expectProblem(
      await app.call('GET', `/accounts/${account.id}`, { token: member.token }),
      404,
      'not_found',
    );
    expectProblem(await remove(memberRow.id, owner.token), 404, 'not_found');
    expect((await add({ email: member.email, role_name: 'User' })).status).toBe(201);
  });

  it('withdraws an invitation; its token is worth nothing then', async () => {
    const email = newEmail();
    const { body } = await add({ email, role_name: 'User' });
    expect((await remove(body.id, owner.token)).status).toBe(204);
    const register = { email, password: 'Demo@123-long', invite_token: body.invite_token };
    expectProblem(
      await app.call('POST', '/user/register', { body: register }),
      400,
      'invalid_data',
      'invite_token',
    );
  });

  it('is 404 for members of other accounts, unknown ids and ids that are none', async () => {
    const foreign = await addMember(app, admin, other, stranger, 'User');
    for (const id of [foreign.id, UNKNOWN, 'abc'])
      expectProblem(await remove(id, owner.token), 404, 'not_found');
    expect((await app.call('DELETE', path(foreign.id, other.id), { token: admin.token })).status).toBe(204);
  });

  it('is for Admins of the account', async () => {
    expectProblem(await remove(memberRow.id), 401, 'unauthenticated');
    expectProblem(await remove(memberRow.id, member.token), 403, 'forbidden');
    for (const caller of [stranger, otherOwner])
      expectProblem(await remove(memberRow.id, caller.token), 404, 'not_found');
  });
});

describe('the last Admin of an account', () => {
  const demote = (id: string, token = admin.token) =>
    app.call('PUT', path(id), { token, body: { role_name: 'User' } });
  const remove = (id: string, token = admin.token) => app.call('DELETE', path(id), { token });

  it('cannot be demoted or removed, not even by an Admin', async () => {
    await leaveOneAdmin();
    for (const caller of [owner, admin]) {
      expectProblem(await demote(ownerRow.id, caller.token), 409, 'last_admin');
      expectProblem(await remove(ownerRow.id, caller.token), 409, 'last_admin');
    }
    expect(
      (await app.call('PUT', path(ownerRow.id), { token: owner.token, body: { role_name: 'Admin' } })).status,
    ).toBe(200);
  });

  it('does not count invitations', async () => {
    await leaveOneAdmin();
    await add({ email: newEmail(), role_name: 'Admin' });
    expectProblem(await demote(ownerRow.id), 409, 'last_admin');
  });

  it('does not count users that are disabled', async () => {
    const disabled = await registerUser(app);
    await leaveOneAdmin();
    await addMember(app, admin, account, disabled, 'Admin');
    await app.dataSource.query('UPDATE users SET disabled_at = now() WHERE id = $1', [disabled.user.id]);
    expectProblem(await remove(ownerRow.id), 409, 'last_admin');
  });

  it('lets invitations with role Admin be withdrawn', async () => {
    await leaveOneAdmin();
    const { body } = await add({ email: newEmail(), role_name: 'Admin' });
    expect((await remove(body.id)).status).toBe(204);
  });

  it('stays when two Admins demote each other at once: exactly one is told 409', async () => {
    await leaveOneAdmin();
    await app.call('PUT', path(memberRow.id), { token: owner.token, body: { role_name: 'Admin' } });
    const answers = await atOnce(app, theAccount(), [
      () => demote(memberRow.id, owner.token),
      () => demote(ownerRow.id, member.token),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)!.body.code).toBe('last_admin');
    expect((await list('', admin.token)).filter(({ role_name }) => role_name === 'Admin')).toHaveLength(1);
  });

  it('stays when all Admins are removed and demoted at once', async () => {
    const { id } = await adminRow();
    await app.call('PUT', path(memberRow.id), { token: owner.token, body: { role_name: 'Admin' } });
    const answers = await atOnce(app, theAccount(), [
      () => remove(id),
      () => demote(ownerRow.id),
      () => remove(memberRow.id),
    ]);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(1);
    expect((await list('', admin.token)).filter(({ role_name }) => role_name === 'Admin')).toHaveLength(1);
  });
});
