import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTwoAccounts } from '../support/accounts.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type HeldRows, atOnce } from '../support/at-once.js';
import { type TestAccount, type TestUser, addMember, registerUser } from '../support/factories.js';
import { createAccountWithMembers, memberCalls, newEmail } from '../support/members.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let admin: TestUser;
let owner: TestUser;
let member: TestUser;
let account: TestAccount;
let ownerRow: { id: string };
let memberRow: { id: string };

beforeAll(async () => {
  app = await createTestApp();
  ({ admin, owner, member } = await createTwoAccounts(app));
});

beforeEach(async () => {
  ({ account, ownerRow, memberRow } = await createAccountWithMembers(app, { admin, owner, member }));
});

afterAll(() => app?.close());

const { path, add, list } = memberCalls(() => ({ app, owner, account }));
const theAccount = (): HeldRows => ({ table: 'accounts', ids: [account.id] });
const adminRow = async () => (await list()).find(({ user_id }) => user_id === admin.user.id)!;
/** Leaves `owner` as the only Admin that can sign in. */
const leaveOneAdmin = async () => app.call('DELETE', path((await adminRow()).id), { token: admin.token });

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
