import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTwoAccounts } from '../support/accounts.js';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, UNKNOWN, addMember, registerUser } from '../support/factories.js';
import { type MemberAnswer, createAccountWithMembers, memberCalls, newEmail } from '../support/members.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let admin: TestUser;
let owner: TestUser;
let member: TestUser;
let otherOwner: TestUser;
let stranger: TestUser;
let other: TestAccount;
let account: TestAccount;
let ownerRow: { id: string };

beforeAll(async () => {
  app = await createTestApp();
  ({ admin, owner, member, otherOwner, stranger, other } = await createTwoAccounts(app));
});

beforeEach(async () => {
  ({ account, ownerRow } = await createAccountWithMembers(app, { admin, owner, member }));
});

afterAll(() => app?.close());

const { path, add, list } = memberCalls(() => ({ app, owner, account }));

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
