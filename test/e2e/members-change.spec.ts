import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTwoAccounts } from '../support/accounts.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, UNKNOWN, addMember } from '../support/factories.js';
import { createAccountWithMembers, memberCalls, newEmail } from '../support/members.js';
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
let memberRow: { id: string };

beforeAll(async () => {
  app = await createTestApp();
  ({ admin, owner, member, otherOwner, stranger, other } = await createTwoAccounts(app));
});

beforeEach(async () => {
  ({ account, ownerRow, memberRow } = await createAccountWithMembers(app, { admin, owner, member }));
});

afterAll(() => app?.close());

const { path, add } = memberCalls(() => ({ app, owner, account }));

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
