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
let memberRow: { id: string };

beforeAll(async () => {
  app = await createTestApp();
  ({ admin, owner, member, otherOwner, stranger, other } = await createTwoAccounts(app));
});

beforeEach(async () => {
  ({ account, memberRow } = await createAccountWithMembers(app, { admin, owner, member }));
});

afterAll(() => app?.close());

const { path, add } = memberCalls(() => ({ app, owner, account }));

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
