import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { databaseEnv, runCli } from '../support/cli.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  registerAdmin,
  registerUser,
} from '../support/factories.js';

interface Entry {
  seq: number;
  action: string;
  target_type: string;
  target_id: string;
  account_id: string | null;
  changes: Record<string, [unknown, unknown]>;
}

describe('the audit log of an account', { timeout: 60_000 }, () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let other: TestAccount;
  let counter = 0;

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
  });
  beforeEach(async () => {
    account = await createAccount(app, admin);
    other = await createAccount(app, admin);
  });
  afterAll(() => app?.close());

  const newEmail = () => `told-${counter++}@example.com`;
  const list = async (query: string): Promise<Entry[]> =>
    (await app.call('GET', `/audit?${query}`, { token: admin.token })).body.data;
  const newestOf = async ({ id }: TestAccount) => (await list(`account_id=${id}&limit=1`))[0];
  const invite = async ({ id }: TestAccount, email: string) => {
    const body = { email, role_name: 'User' };
    return (await app.call('POST', `/accounts/${id}/members`, { token: admin.token, body })).body;
  };

  it('tells who redeemed an invitation, beside the row of the user, and nobody else', async () => {
    const email = newEmail();
    const invited = await invite(account, email);
    await invite(other, email);
    const { user } = await registerUser(app, { email, invite_token: invited.invite_token });
    const told = await newestOf(account);
    expect(told).toMatchObject({
      action: 'registerUser',
      via: 'public',
      actor_id: user.id,
      actor_email: email,
      target_type: 'member',
      target_id: invited.id,
      account_id: account.id,
    });
    expect(told!.changes).toEqual({ user_id: [null, user.id], status: ['invited', 'member'] });
    expect(await newestOf(other)).toMatchObject({ action: 'createMember' });
    expect(await list(`actor=${user.id}`)).toMatchObject([
      { target_type: 'member', target_id: invited.id },
      { target_type: 'user', target_id: user.id, account_id: null },
    ]);
  });

  it('has no row of a registration without an invitation', async () => {
    const { user } = await registerUser(app);
    expect(await list(`actor=${user.id}`)).toMatchObject([{ target_type: 'user', target_id: user.id }]);
  });

  it('tells in each account that has invited an e-mail that an Admin made its user', async () => {
    const email = newEmail();
    const invitations = [await invite(account, email), await invite(other, email)];
    const body = { email, password: 'Demo@123-long' };
    const { body: user } = await app.call('POST', '/user/users', { token: admin.token, body });
    for (const [index, of] of [account, other].entries())
      expect(await newestOf(of)).toMatchObject({
        action: 'createUser',
        actor_id: admin.user.id,
        target_type: 'member',
        target_id: invitations[index].id,
        account_id: of.id,
        changes: { user_id: [null, user.id], status: ['invited', 'member'] },
      });
    expect(await list(`target_id=${user.id}`)).toMatchObject([{ action: 'createUser', account_id: null }]);
  });

  it('tells in each account of a user that it was deleted', async () => {
    const user = await registerUser(app);
    const members = [
      await addMember(app, admin, account, user, 'Admin'),
      await addMember(app, admin, other, user, 'User'),
    ];
    const path = `/user/users/${user.user.id}`;
    expect((await app.call('DELETE', path, { token: admin.token })).status).toBe(204);
    for (const [index, of] of [account, other].entries())
      expect(await newestOf(of)).toMatchObject({
        action: 'deleteUser',
        actor_id: admin.user.id,
        target_type: 'member',
        target_id: members[index]!.id,
        changes: {
          user_id: [user.user.id, null],
          email: [user.email, null],
          role_name: [['Admin', 'User'][index], null],
          status: ['member', null],
        },
      });
    expect(await list(`target_id=${user.user.id}`)).toMatchObject([
      { action: 'deleteUser', target_type: 'user' },
      { action: 'registerUser' },
    ]);
  });

  it('tells in each account of a user that its e-mail changed, to Admins of the account as well', async () => {
    const [user, owner] = [await registerUser(app), await registerUser(app)];
    const member = await addMember(app, admin, account, user, 'User');
    await addMember(app, admin, account, owner, 'Admin');
    await addMember(app, admin, other, user, 'User');
    const email = newEmail();
    const change = (body: object) =>
      app.call('PUT', '/user/profile', {
        token: user.token,
        body: { currentPassword: user.password, ...body },
      });
    expect((await change({ email })).status).toBe(200);
    const { body } = await app.call('GET', `/accounts/${account.id}/audit?limit=1`, { token: owner.token });
    expect(body.data[0]).toMatchObject({
      actor_id: user.user.id,
      target_type: 'member',
      target_id: member.id,
      account_id: account.id,
    });
    expect(body.data[0].changes).toEqual({ email: [user.email, email] });
    expect(await newestOf(other)).toMatchObject({ changes: { email: [user.email, email] } });
    const { seq } = (await list('limit=1'))[0]!;
    expect((await change({ email })).status).toBe(200);
    expect(await list('limit=1')).toMatchObject([{ seq: seq + 1, target_type: 'user' }]);
  });

  it('keeps the change from being made when it cannot be told', async () => {
    const email = newEmail();
    const { id, invite_token } = await invite(account, email);
    const user = await registerUser(app);
    await addMember(app, admin, account, user, 'User');
    await app.dataSource.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'no members'; END $$`,
    );
    await app.dataSource.query(
      `CREATE TRIGGER refuse BEFORE INSERT ON audit_log FOR EACH ROW
       WHEN (NEW.target_type = 'member') EXECUTE FUNCTION refuse()`,
    );
    const state = () =>
      app.dataSource.query(
        `SELECT m.id, m.user_id, m.email, (SELECT count(*) FROM users) AS users FROM members m ORDER BY id`,
      );
    const before = await state();
    const rename = { email: newEmail(), currentPassword: user.password };
    const calls: [string, string, string, object?][] = [
      ['POST', '/user/register', '', { email, password: 'Demo@123-long', invite_token }],
      ['POST', '/user/users', admin.token, { email, password: 'Demo@123-long' }],
      ['PUT', '/user/profile', user.token, rename],
      ['DELETE', `/user/users/${user.user.id}`, admin.token],
    ];
    for (const [method, path, token, body] of calls)
      expect((await app.call(method, path, { token, body })).status).toBe(500);
    await app.dataSource.query('DROP TRIGGER refuse ON audit_log');
    expect(await state()).toEqual(before);
    expect(before).toContainEqual(expect.objectContaining({ id, user_id: null }));
  });

  it('stays one chain where a user is a member of more accounts than one statement adds rows', async () => {
    const user = await registerUser(app);
    await app.dataSource.query(
      `WITH made AS (INSERT INTO accounts (id, account_name) SELECT gen_random_uuid(), n FROM generate_series(1, 2500) n
         RETURNING id)
       INSERT INTO members (id, account_id, user_id, email, role_name)
       SELECT gen_random_uuid(), id, $1, $2, 'User' FROM made`,
      [user.user.id, user.email],
    );
    const path = `/user/users/${user.user.id}`;
    expect((await app.call('DELETE', path, { token: admin.token })).status).toBe(204);
    const [{ told }] = await app.dataSource.query(
      `SELECT count(*)::int AS told FROM audit_log WHERE action = 'deleteUser' AND changes -> 'user_id' ->> 0 = $1`,
      [user.user.id],
    );
    expect(told).toBe(2500);
    expect(await runCli(['audit', 'verify'], { env: databaseEnv(app.config.database) })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('The chain is whole.'),
    });
  });
});
