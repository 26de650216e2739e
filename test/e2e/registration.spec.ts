import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
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
