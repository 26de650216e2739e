import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessTokens } from '../../src/auth/access-tokens.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { anotherAdmin, claimsOf, cookieOf, openBoard, statusOf } from '../support/board.js';
import { startBrowser } from '../support/browser.js';
import { type TestUser, registerAdmin } from '../support/factories.js';
import { waitFor } from '../support/wait-for.js';

describe('the board', () => {
  let app: TestApp;
  let browser: Browser;
  let admin: TestUser;

  beforeAll(async () => {
    [app, browser] = await Promise.all([createTestApp(), startBrowser()]);
    admin = await registerAdmin(app);
  });

  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  const isSomebodyWaiting = async (): Promise<boolean> => {
    const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return (await app.dataSource.query(sql)).length > 0;
  };

  describe('signing in', () => {
    it('ends when asked to', async () => {
      const { page } = await openBoard({ app, browser }, '/queues', admin);
      await page.locator('header button[aria-haspopup=menu]').click();
      const [cookie] = await page.context().cookies();
      const copy = `${cookie!.name}=${cookie!.value}`;
      expect(await statusOf(app, copy)).toBe(200);
      await page.getByText('Sign out').click();
      await page.waitForURL('**/queues/login');
      expect(await page.context().cookies()).toEqual([]);
      expect(await statusOf(app, copy)).toBe(401);
      await page.context().close();
    });

    it('ends alone: the other sessions of the same user go on', async () => {
      const [first, second] = [await cookieOf(app, admin), await cookieOf(app, admin)];
      const signOut = await app.call('GET', '/queues/logout', { headers: { cookie: first } });
      expect(signOut.status).toBe(303);
      expect(await statusOf(app, first)).toBe(401);
      expect(await statusOf(app, second)).toBe(200);
      expect((await app.call('GET', '/user/profile', { token: admin.token })).status).toBe(200);
    });

    it('ends for good when the console buys new tokens at the same moment', async () => {
      const user = await anotherAdmin(app);
      const { headers } = await app.call('POST', '/queues/login', { token: user.token, body: {} });
      const cookie = headers.get('set-cookie')!.split(';')[0]!;
      const { sub, sid } = claimsOf(cookie);
      // As a refresh does: it has the lock of the user and adds a link, which is not committed yet.
      const refresh = app.dataSource.createQueryRunner();
      await refresh.startTransaction();
      await refresh.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [sub]);
      await refresh.query(
        `INSERT INTO refresh_tokens (id, user_id, family_id, token_sha256, expires_at)
         VALUES ($1, $2, $3, $4, now() + interval '1 day')`,
        [randomUUID(), sub, sid, Buffer.alloc(32, 9)],
      );
      let isOut = false;
      const signOut = app.call('GET', '/queues/logout', { headers: { cookie } }).then(() => (isOut = true));
      await waitFor(async () => isOut || (await isSomebodyWaiting()));
      await refresh.commitTransaction();
      await refresh.release();
      await signOut;
      expect(await statusOf(app, cookie)).toBe(401);
    });

    it('ends when its user ends every session', async () => {
      const user = await anotherAdmin(app);
      const cookie = await cookieOf(app, user);
      expect(await statusOf(app, cookie)).toBe(200);
      expect((await app.call('POST', '/user/logout', { token: user.token, body: {} })).status).toBe(204);
      expect(await statusOf(app, cookie)).toBe(401);
    });

    it('is no session without the row that ends it', async () => {
      const { sub: id, ver: tokenVersion } = claimsOf(await cookieOf(app, admin));
      const tokens = app.app.get(AccessTokens);
      for (const sid of [undefined, randomUUID(), 'nonsense'])
        expect(
          await statusOf(
            app,
            `data_pusher_board=${tokens.issueForBoard({ id, tokenVersion }, sid as string)}`,
          ),
        ).toBe(401);
    });

    it('ends for who is no Admin any more, at once and on a page that is open', async () => {
      const second = await anotherAdmin(app);
      const { page } = await openBoard({ app, browser }, '/queues', second);
      await page.getByText('Deliveries').first().waitFor();
      await app.dataSource.query(`UPDATE users SET role = 'User' WHERE id = $1`, [second.user.id]);
      await page.getByText('Deliveries').first().click();
      await page.getByText('Only Admins may see the queues.').first().waitFor();
      await page.reload();
      expect(new URL(page.url()).pathname).toBe('/queues/login');
      await page.context().close();
    });

    it('ends with a new password and for who was disabled', async () => {
      const second = await anotherAdmin(app);
      const before = await cookieOf(app, second);
      expect(await statusOf(app, before)).toBe(200);
      const newPassword = 'Another@123-long';
      const body = { currentPassword: second.password, newPassword };
      expect((await app.call('PUT', '/user/profile', { token: second.token, body })).status).toBe(200);
      expect(await statusOf(app, before)).toBe(401);
      const after = await cookieOf(app, { ...second, password: newPassword });
      expect(await statusOf(app, after)).toBe(200);
      await app.dataSource.query('UPDATE users SET disabled_at = now() WHERE id = $1', [second.user.id]);
      expect(await statusOf(app, after)).toBe(401);
    });
  });
});
