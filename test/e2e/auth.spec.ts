import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Passwords } from '../../src/users/passwords.js';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { type TestUser, registerAdmin, registerUser } from '../support/factories.js';

let app: TestApp;
let admin: TestUser;
beforeAll(async () => {
  app = await createTestApp({ TRUST_PROXY: '127.0.0.1' });
  admin = await registerAdmin(app);
});
afterAll(() => app.close());

const from = (address: string) => ({ 'x-forwarded-for': address });
const login = (email: string, password: string, address = '198.51.100.1'): Promise<TestAnswer> =>
  app.call('POST', '/user/login', { body: { email, password }, headers: from(address) });
const refresh = (token: string) => app.call('POST', '/user/refresh', { body: { refresh_token: token } });
const profile = (token: string) => app.call('GET', '/user/profile', { token });
const withoutRequestId = ({ status, body }: TestAnswer) => ({ status, body: { ...body, request_id: '' } });
const signedIn = async (user: TestUser) => (await login(user.email, user.password)).body;
const familyRows = (userId: string): Promise<unknown[]> =>
  app.dataSource.query('SELECT * FROM refresh_tokens WHERE user_id = $1', [userId]);

describe('signing in', () => {
  it('gives a pair of tokens and the user', async () => {
    const answer = await login(` ${admin.email.toUpperCase()} `, admin.password);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual(
      ['access_token', 'expires_in', 'refresh_token', 'token_type', 'user'].sort(),
    );
    expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    expect(answer.body.user).toMatchObject({ email: admin.email, role: 'Admin', disabled: false });
    expect((await profile(answer.body.access_token)).status).toBe(200);
  });

  it('stores refresh tokens only as SHA-256', async () => {
    const { refresh_token: token } = await signedIn(admin);
    expect(JSON.stringify(await familyRows(admin.user.id))).not.toContain(token);
  });

  it('answers the same for an unknown e-mail, a wrong password and a disabled user', async () => {
    const user = await registerUser(app);
    const wrong = await login(user.email, 'not the password');
    await app.dataSource.query('UPDATE users SET disabled_at = now() WHERE id = $1', [user.user.id]);
    const disabled = await login(user.email, user.password);
    const unknown = await login('nobody@example.com', user.password);
    expect(wrong.status).toBe(401);
    expect(wrong.body.code).toBe('invalid_credentials');
    expect(wrong.headers.get('content-type')).toContain('application/problem+json');
    expect(withoutRequestId(unknown)).toEqual(withoutRequestId(wrong));
    expect(withoutRequestId(disabled)).toEqual(withoutRequestId(wrong));
  });

  it('costs the same work for an unknown e-mail, a disabled user and a wrong password', async () => {
    const [known, disabled] = [await registerUser(app), await registerUser(app)];
    await app.dataSource.query('UPDATE users SET disabled_at = now() WHERE id = $1', [disabled.user.id]);
    const least: Record<string, number> = {};
    for (let round = 0; round < 8; round++)
      for (const email of [known.email, 'nobody@example.com', disabled.email]) {
        const before = process.cpuUsage();
        expect((await login(email, 'not the password', '198.51.100.2')).status).toBe(401);
        const { user, system } = process.cpuUsage(before);
        least[email] = Math.min(least[email] ?? Infinity, user + system);
      }
    // Without a hash it is a third at most.
    for (const email of ['nobody@example.com', disabled.email])
      expect(least[email]! / least[known.email]!).toBeGreaterThan(0.5);
  });

  it('is refused with 503 and Retry-After while too many others are served, and goes on after', async () => {
    const passwords = app.app.get(Passwords);
    const over = new AbortController();
    const others = Array.from({ length: 1 + 64 }, async () => {
      while (!over.signal.aborted) await passwords.verify(null, 'Demo@123');
    });
    const refused = await login(admin.email, admin.password);
    over.abort();
    await Promise.all(others);
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await login(admin.email, admin.password)).status).toBe(200);
  });

  it.each([
    ['email', { password: 'Demo@123' }],
    ['email', { email: null, password: 'Demo@123' }],
    ['email', { email: ['ann@example.com'], password: 'Demo@123' }],
    ['email', { email: 'ann', password: 'Demo@123' }],
    ['password', { email: 'ann@example.com' }],
    ['password', { email: 'ann@example.com', password: null }],
    ['password', { email: 'ann@example.com', password: 12345678 }],
    ['password', { email: 'ann@example.com', password: 'x'.repeat(129) }],
    ['otp', { email: 'ann@example.com', password: 'Demo@123', otp: '1' }],
  ])('names %s in %j', async (field, body) => {
    const answer = await app.call('POST', '/user/login', { body });
    expect(answer).toMatchObject({ status: 400, body: { title: 'Invalid Data', errors: [{ field }] } });
    expect(JSON.stringify(answer.body)).not.toContain('Demo@123');
  });

  it.each(['', '[]', 'null', '"text"', '{'])('answers 400 to the body %j', async (raw) => {
    expect((await app.call('POST', '/user/login', { raw })).status).toBe(400);
  });
});

describe('refreshing', () => {
  it('trades a token for a new pair, once', async () => {
    const user = await registerUser(app);
    const next = await refresh(user.refreshToken);
    expect(next).toMatchObject({ status: 200, body: { token_type: 'Bearer', user: { id: user.user.id } } });
    expect(next.body.refresh_token).not.toBe(user.refreshToken);
    expect((await profile(next.body.access_token)).status).toBe(200);
    expect((await refresh(next.body.refresh_token)).status).toBe(200);
  });

  it('ends the session, access tokens included, when an old token comes back; other sessions live', async () => {
    const user = await registerUser(app);
    const other = await signedIn(user);
    const { body: next } = await refresh(user.refreshToken);
    expect(await refresh(user.refreshToken)).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
    expect((await refresh(next.refresh_token)).status).toBe(401);
    expect((await profile(next.access_token)).status).toBe(401);
    expect((await profile(other.access_token)).status).toBe(200);
    expect((await refresh(other.refresh_token)).status).toBe(200);
  });

  it('refuses expired tokens and those of disabled users', async () => {
    const expired = await registerUser(app);
    const disabled = await registerUser(app);
    await app.dataSource.query('UPDATE refresh_tokens SET expires_at = now() WHERE user_id = $1', [
      expired.user.id,
    ]);
    await app.dataSource.query('UPDATE users SET disabled_at = now() WHERE id = $1', [disabled.user.id]);
    expect((await refresh(expired.refreshToken)).status).toBe(401);
    expect((await refresh(disabled.refreshToken)).status).toBe(401);
    expect((await refresh('A'.repeat(43))).status).toBe(401);
  });

  it.each([
    {},
    { refresh_token: null },
    { refresh_token: 1 },
    { refresh_token: '' },
    { refresh_token: 'a\0b' },
  ])('answers 400 to %j', async (body) => {
    const answer = await app.call('POST', '/user/refresh', { body });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'refresh_token' }] } });
  });
});

describe('signing out', () => {
  const logout = (token: string | undefined, body?: object) =>
    app.call('POST', '/user/logout', { token, body });

  it('with a refresh token ends its session and no other', async () => {
    const user = await registerUser(app);
    const other = await signedIn(user);
    expect(await logout(user.token, { refresh_token: user.refreshToken })).toMatchObject({
      status: 204,
      body: '',
    });
    expect((await profile(user.token)).status).toBe(401);
    expect((await refresh(user.refreshToken)).status).toBe(401);
    expect((await refresh(other.refresh_token)).status).toBe(200);
  });

  it.each([undefined, {}])('with the body %j ends every session', async (body) => {
    const user = await registerUser(app);
    const other = await signedIn(user);
    expect((await logout(user.token, body)).status).toBe(204);
    expect((await profile(other.access_token)).status).toBe(401);
    expect((await refresh(other.refresh_token)).status).toBe(401);
    expect((await profile((await signedIn(user)).access_token)).status).toBe(200);
  });

  it('does nothing to the session of somebody else', async () => {
    const [ann, bob] = [await registerUser(app), await registerUser(app)];
    expect((await logout(ann.token, { refresh_token: bob.refreshToken })).status).toBe(204);
    expect((await profile(ann.token)).status).toBe(200);
    expect((await refresh(bob.refreshToken)).status).toBe(200);
  });

  it('wants a signed-in user and a token that is text', async () => {
    expect((await logout(undefined)).status).toBe(401);
    for (const body of [{ refresh_token: null }, { refresh_token: 1 }, { all: true }])
      expect((await logout(admin.token, body)).status).toBe(400);
    expect((await profile(admin.token)).status).toBe(200);
  });
});
