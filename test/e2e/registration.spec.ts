import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, createAccount, registerAdmin, registerUser } from '../support/factories.js';
import { waitFor } from '../support/wait-for.js';

let app: TestApp;
afterEach(() => app.close());

const register = (email: string, invite_token?: string) =>
  app.call('POST', '/user/register', { body: { email, password: 'Demo@123', invite_token } });
const admins = (): Promise<{ first_admin: boolean }[]> =>
  app.dataSource.query(`SELECT first_admin FROM users WHERE role = 'Admin'`);

describe('the first user ever', () => {
  it('is the one Admin among fifty who register at once', async () => {
    app = await createTestApp();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => register(`user${i}@example.com`)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 201));
    expect(answers.filter(({ body }) => body.role === 'Admin')).toHaveLength(1);
    expect(await admins()).toEqual([{ first_admin: true }]);
  }, 60_000);

  it('is unique even for a writer that takes no lock: 503 and then User', async () => {
    app = await createTestApp();
    const stranger = new pg.Client(app.config.database);
    await stranger.connect();
    await stranger.query('BEGIN');
    await stranger.query(
      `INSERT INTO users (id, email, password_hash, role, first_admin)
       VALUES (gen_random_uuid(), 'stranger@example.com', '-', 'Admin', true)`,
    );
    const racing = register('ann@example.com');
    await waitFor(async () => {
      const [row] = await app.dataSource.query(
        'SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted',
      );
      return row.waiting > 0;
    });
    await stranger.query('COMMIT');
    await stranger.end();
    const answer = await racing;
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await register('ann@example.com')).toMatchObject({ status: 201, body: { role: 'User' } });
    expect(await admins()).toHaveLength(1);
  });
});

describe('REGISTRATION', () => {
  it('closed lets the first user in and nobody else, invited or not', async () => {
    app = await createTestApp({ REGISTRATION: 'closed' });
    expect(await register('ann@example.com')).toMatchObject({ status: 201, body: { role: 'Admin' } });
    expect(await register('bob@example.com')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await register('bob@example.com', await invite('bob@example.com'))).status).toBe(403);
  });

  it('closed lets one of many first users in', async () => {
    app = await createTestApp({ REGISTRATION: 'closed' });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => register(`user${i}@example.com`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403, 403, 403, 403, 403]);
    expect(await admins()).toHaveLength(1);
  });

  it('invite lets the first user and the invited in', async () => {
    app = await createTestApp({ REGISTRATION: 'invite' });
    expect(await register('ann@example.com')).toMatchObject({ status: 201, body: { role: 'Admin' } });
    expect((await register('bob@example.com')).status).toBe(403);
    expect((await register('bob@example.com', 'made-up')).status).toBe(400);
    expect(await register('bob@example.com', await invite('bob@example.com'))).toMatchObject({
      status: 201,
      body: { role: 'User' },
    });
  });
});

describe('an invitation', () => {
  it('is redeemed once, at registration, by its token and e-mail', async () => {
    app = await createTestApp();
    const token = await invite('bob@example.com');
    const refused = await register('eve@example.com', token);
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ field: 'invite_token' }] } });
    expect(JSON.stringify(refused.body)).not.toContain(token);
    const bob = await register('Bob@Example.com', token);
    expect(bob.status).toBe(201);
    expect(await members()).toEqual([
      { user_id: bob.body.id, email: 'bob@example.com', invite_token_sha256: null, updated_by: bob.body.id },
    ]);
    expect((await register('carl@example.com', token)).status).toBe(400);
    expect(await app.dataSource.query('SELECT email FROM users')).toEqual([{ email: 'bob@example.com' }]);
  });

  it('stays open for who registers without its token', async () => {
    app = await createTestApp();
    await invite('bob@example.com');
    expect((await register('bob@example.com')).status).toBe(201);
    expect(await members()).toMatchObject([{ user_id: null, invite_token_sha256: expect.any(Buffer) }]);
  });

  it('is neither taken nor redeemed by who changes an e-mail to the invited one', async () => {
    app = await createTestApp();
    const admin = await registerAdmin(app);
    const account = await createAccount(app, admin);
    const eve = await registerUser(app);
    const path = `/accounts/${account.id}/members`;
    const invitation = { email: 'bob@example.com', role_name: 'Admin' };
    const add = () => app.call('POST', path, { token: admin.token, body: invitation });
    const { body: invited } = await add();
    const rename = (email: string) =>
      app.call('PUT', '/user/profile', {
        token: eve.token,
        body: { email, currentPassword: eve.password },
      });
    const refused = { status: 409, body: { code: 'conflict', errors: [{ field: 'email' }] } };
    expect(await rename('Bob@Example.com')).toMatchObject(refused);
    expect((await app.call('GET', '/user/profile', { token: eve.token })).body.email).toBe(eve.email);
    expect((await add()).status).toBe(409);
    expect((await app.call('GET', `/accounts/${account.id}`, { token: eve.token })).status).toBe(404);
    const bob = await registerUser(app, { email: 'bob@example.com', invite_token: invited.invite_token });
    expect((await app.call('GET', `/accounts/${account.id}`, { token: bob.token })).status).toBe(200);
  });

  it('keeps its e-mail from others only while it is open', async () => {
    app = await createTestApp();
    const admin = await registerAdmin(app);
    const [account, deleted] = [await createAccount(app, admin), await createAccount(app, admin)];
    const user = await registerUser(app);
    const rename = async (email: string) => {
      const body = { email, currentPassword: user.password };
      return (await app.call('PUT', '/user/profile', { token: user.token, body })).status;
    };
    const open = async ({ id }: TestAccount, email: string) => {
      const body = { email, role_name: 'User' };
      return (await app.call('POST', `/accounts/${id}/members`, { token: admin.token, body })).body.id;
    };
    const id = await open(account, 'withdrawn@example.com');
    await open(deleted, 'deleted@example.com');
    for (const email of ['withdrawn@example.com', 'deleted@example.com'])
      expect(await rename(email)).toBe(409);
    await app.call('DELETE', `/accounts/${account.id}/members/${id}`, { token: admin.token });
    await app.call('DELETE', `/accounts/${deleted.id}`, { token: admin.token });
    for (const email of ['withdrawn@example.com', 'deleted@example.com'])
      expect(await rename(email)).toBe(200);
  });

  it('to the e-mail that a user has does not keep it from keeping that', async () => {
    app = await createTestApp();
    const token = await invite('bob@example.com');
    const bob = await registerUser(app, { email: 'bob@example.com' });
    const body = { email: bob.email, currentPassword: bob.password, newPassword: 'another one' };
    expect((await app.call('PUT', '/user/profile', { token: bob.token, body })).status).toBe(200);
    expect((await register('bob@example.com', token)).status).toBe(409);
    expect(await members()).toMatchObject([{ user_id: null }]);
  });

  it('to a deleted account is none', async () => {
    app = await createTestApp();
    const token = await invite('bob@example.com');
    await app.dataSource.query('UPDATE accounts SET deleted_at = now()');
    expect((await register('bob@example.com', token)).status).toBe(400);
    expect(await app.dataSource.query('SELECT 1 FROM users')).toEqual([]);
  });
});

const members = () =>
  app.dataSource.query('SELECT user_id, email, invite_token_sha256, updated_by FROM members');

/** Invites an e-mail to a new account and returns the token. */
async function invite(email: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  const [account] = await app.dataSource.query(
    `INSERT INTO accounts (id, account_name) VALUES (gen_random_uuid(), 'A') RETURNING id`,
  );
  await app.dataSource.query(
    `INSERT INTO members (id, account_id, email, role_name, invite_token_sha256)
     VALUES (gen_random_uuid(), $1, $2, 'User', $3)`,
    [account.id, email, createHash('sha256').update(token).digest()],
  );
  return token;
}
