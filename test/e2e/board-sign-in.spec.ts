import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessTokens } from '../../src/auth/access-tokens.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { QUEUES, anotherAdmin, claimsOf, cookieOf, fillIn, signIn, statusOf } from '../support/board.js';
import { openPage, startBrowser } from '../support/browser.js';
import { type TestUser, registerAdmin, registerUser } from '../support/factories.js';

describe('the board', () => {
  let app: TestApp;
  let browser: Browser;
  let admin: TestUser;

  beforeAll(async () => {
    [app, browser] = await Promise.all([createTestApp({ TRUST_PROXY: '127.0.0.1' }), startBrowser()]);
    admin = await registerAdmin(app);
  });

  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  describe('signing in', () => {
    it('sends browsers to the sign-in page, which refuses wrong passwords and users who are no Admins', async () => {
      const user = await registerUser(app);
      const { page } = await openPage(browser, app.url);
      await page.goto('/queues/queue/deliveries');
      expect(new URL(page.url()).pathname).toBe('/queues/login');
      await fillIn(page, admin.email, 'not-the-password');
      expect(await page.getByRole('alert').innerText()).toBe('This e-mail and password do not match.');
      await fillIn(page, user.email, user.password);
      expect(await page.getByRole('alert').innerText()).toBe('Only Admins may see the queues.');
      expect(await page.context().cookies()).toEqual([]);
      await page.context().close();
    });

    it('goes on while somebody looks, half a day after the sign-in at most', async () => {
      const tokens = app.app.get(AccessTokens);
      const { sub: id, ver: tokenVersion, sid } = claimsOf(await cookieOf(app, admin));
      const signedInHoursAgo = async (hours: number) => {
        const since = Math.floor(Date.now() / 1000) - hours * 3600;
        const cookie = `data_pusher_board=${tokens.issueForBoard({ id, tokenVersion }, sid!, since)}`;
        const { status, headers } = await app.call('GET', QUEUES, { headers: { cookie } });
        return { status, isProlonged: headers.has('set-cookie') };
      };
      expect(await signedInHoursAgo(11)).toEqual({ status: 200, isProlonged: true });
      expect(await signedInHoursAgo(13)).toEqual({ status: 200, isProlonged: false });
    });

    it('keeps the session in a cookie that scripts, other sites and plain HTTP do not get', async () => {
      const form = { email: admin.email, password: admin.password };
      const plain = (await signIn(app, form)).headers.get('set-cookie');
      expect(plain).toMatch(/; Path=\/queues; HttpOnly; SameSite=Strict$/);
      const https = (await signIn(app, form, { 'x-forwarded-proto': 'https' })).headers.get('set-cookie');
      expect(https).toContain('; Secure');
    });

    it('answers bodies that are no form of ours with 4xx', async () => {
      const bodies: [string, string][] = [
        ['application/json', '5'],
        ['application/json', 'null'],
        ['application/json', '[{"email":"a"}]'],
        ['application/json', '{"email":{"a":1},"password":["b"]}'],
        ['application/json', '{'],
        ['application/json', ''],
        ['text/plain', 'abc'],
        ['application/x-www-form-urlencoded', ''],
        ['application/x-www-form-urlencoded', 'email=%00&password=%ff'],
        ['application/x-www-form-urlencoded', 'email=a&email=b&__proto__=c'],
        ['application/x-www-form-urlencoded', `email=${'a'.repeat(9000)}`],
      ];
      const statuses = await Promise.all(
        bodies.map(async ([type, raw]) => {
          const headers = { 'content-type': type };
          return (await app.call('POST', '/queues/login', { raw, headers })).status;
        }),
      );
      expect(statuses).toEqual([401, 401, 401, 401, 400, 400, 415, 401, 401, 401, 413]);
    });

    it('is limited like every sign-in', async () => {
      const guess = { email: 'guessed@example.com', password: 'not-the-password' };
      for (let n = 0; n < 10; n++) expect((await signIn(app, guess)).status).toBe(401);
      const refused = await signIn(app, guess);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refused.text()).toContain('Too many sign-ins failed.');
    });

    it('takes over the session of an Admin, ends with it, and takes no API key and no other user', async () => {
      const second = await anotherAdmin(app);
      const takeOver = (token: string, headers = {}) =>
        app.call('POST', '/queues/login', { token, headers, body: {} });
      const { status, headers } = await takeOver(second.token);
      expect(status).toBe(204);
      const cookie = headers.get('set-cookie')!.split(';')[0]!;
      expect(await statusOf(app, cookie)).toBe(200);
      expect((await takeOver(second.token, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
      const body = { name: 'robot', currentPassword: second.password };
      const key = (await app.call('POST', '/user/api-keys', { token: second.token, body })).body.key;
      expect(key).toMatch(/^dp_/);
      expect((await takeOver(key)).status).toBe(401);
      expect((await takeOver((await registerUser(app)).token)).status).toBe(403);
      expect((await takeOver('nonsense')).status).toBe(401);
      expect((await app.call('POST', '/user/logout', { token: second.token, body: {} })).status).toBe(204);
      expect(await statusOf(app, cookie)).toBe(401);
    });
  });
});
