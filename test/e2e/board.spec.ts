import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessTokens, type Claims } from '../../src/auth/access-tokens.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type WatchedPage, openPage, startBrowser } from '../support/browser.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
  unlimited,
} from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { SwaggerPage } from '../support/swagger.js';
import { waitFor } from '../support/wait-for.js';

const QUEUES = '/queues/api/queues?activeQueue=deliveries';

interface ShownJob {
  id: string;
  failedReason?: string;
  data: { event_id?: string };
}

describe('the board and the API page', () => {
  let app: TestApp;
  let browser: Browser;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;

  beforeAll(async () => {
    // Retries far in the future: whatever is attempted again was asked for by hand.
    [app, browser] = await Promise.all([
      createTestApp({ RETRY_SCHEDULE: '0s,1h,1h', TRUST_PROXY: '127.0.0.1' }),
      startBrowser(),
    ]);
    admin = await registerAdmin(app);
    account = await createAccount(app, admin, { account_name: 'Acme' });
    await unlimited(app, admin, account);
    receiver = await startReceiver(() => 500);
    await createDestination(app, admin, account, {
      url: `${receiver.url}/orders?key=query-secret`,
      headers: { 'X-Api-Key': 'header-secret' },
    });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.close();
    await receiver?.close();
  });

  const send = async (eventId: string): Promise<void> => {
    const { status } = await app.call('POST', '/server/incoming_data', {
      body: { note: 'payload-secret' },
      headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': eventId },
    });
    expect(status).toBe(202);
  };

  const deliveryOf = async (eventId: string): Promise<{ status: string; attempts: number }> => {
    const path = `/accounts/${account.id}/logs/${eventId}`;
    return (await app.call('GET', path, { token: admin.token })).body.deliveries[0];
  };

  const jobs = async (status: string): Promise<ShownJob[]> =>
    (await app.call('GET', `${QUEUES}&status=${status}`, { token: admin.token })).body.queues[0].jobs;

  const fillIn = async (page: Page, email: string, password: string): Promise<void> => {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };

  /** Signs in without a browser. */
  const post = (form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${app.url}/queues/login`, {
      method: 'POST',
      body: new URLSearchParams(form),
      redirect: 'manual',
      headers,
    });

  const claimsOf = (cookie: string): Claims =>
    JSON.parse(Buffer.from(cookie.split('.')[1]!, 'base64url').toString()) as Claims;

  const statusOf = async (cookie: string): Promise<number> =>
    (await app.call('GET', QUEUES, { headers: { cookie } })).status;

  const isSomebodyWaiting = async (): Promise<boolean> => {
    const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return (await app.dataSource.query(sql)).length > 0;
  };

  const cookieOf = async (user: TestUser): Promise<string> => {
    const { headers } = await post({ email: user.email, password: user.password });
    return headers.get('set-cookie')!.split(';')[0]!;
  };

  /** A page of the board with the session of `user`. */
  const openBoard = async (path: string, user = admin, options = {}): Promise<WatchedPage> => {
    const [name, value] = (await cookieOf(user)).split('=') as [string, string];
    const watched = await openPage(browser, app.url, options);
    await watched.page.context().addCookies([{ name, value, domain: '127.0.0.1', path: '/queues' }]);
    await watched.page.goto(path);
    return watched;
  };

  const anotherAdmin = async (): Promise<TestUser> => {
    const user = await registerUser(app);
    await app.dataSource.query(`UPDATE users SET role = 'Admin' WHERE id = $1`, [user.user.id]);
    return user;
  };

  /** The buttons of a job are icons without a name. */
  const confirm = async (page: Page, icon: string): Promise<void> => {
    await page.locator(`button:has(svg.lucide-${icon})`).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
  };

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
      const { sub: id, ver: tokenVersion, sid } = claimsOf(await cookieOf(admin));
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
      const plain = (await post(form)).headers.get('set-cookie');
      expect(plain).toMatch(/; Path=\/queues; HttpOnly; SameSite=Strict$/);
      const https = (await post(form, { 'x-forwarded-proto': 'https' })).headers.get('set-cookie');
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
      for (let n = 0; n < 10; n++) expect((await post(guess)).status).toBe(401);
      const refused = await post(guess);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refused.text()).toContain('Too many sign-ins failed.');
    });

    it('ends when asked to', async () => {
      const { page } = await openBoard('/queues');
      await page.locator('header button[aria-haspopup=menu]').click();
      const [cookie] = await page.context().cookies();
      const copy = `${cookie!.name}=${cookie!.value}`;
      expect(await statusOf(copy)).toBe(200);
      await page.getByText('Sign out').click();
      await page.waitForURL('**/queues/login');
      expect(await page.context().cookies()).toEqual([]);
      expect(await statusOf(copy)).toBe(401);
      await page.context().close();
    });

    it('takes over the session of an Admin, ends with it, and takes no API key and no other user', async () => {
      const second = await anotherAdmin();
      const takeOver = (token: string, headers = {}) =>
        app.call('POST', '/queues/login', { token, headers, body: {} });
      const { status, headers } = await takeOver(second.token);
      expect(status).toBe(204);
      const cookie = headers.get('set-cookie')!.split(';')[0]!;
      expect(await statusOf(cookie)).toBe(200);
      expect((await takeOver(second.token, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
      const body = { name: 'robot', currentPassword: second.password };
      const key = (await app.call('POST', '/user/api-keys', { token: second.token, body })).body.key;
      expect(key).toMatch(/^dp_/);
      expect((await takeOver(key)).status).toBe(401);
      expect((await takeOver((await registerUser(app)).token)).status).toBe(403);
      expect((await takeOver('nonsense')).status).toBe(401);
      expect((await app.call('POST', '/user/logout', { token: second.token, body: {} })).status).toBe(204);
      expect(await statusOf(cookie)).toBe(401);
    });

    it('ends alone: the other sessions of the same user go on', async () => {
      const [first, second] = [await cookieOf(admin), await cookieOf(admin)];
      const signOut = await app.call('GET', '/queues/logout', { headers: { cookie: first } });
      expect(signOut.status).toBe(303);
      expect(await statusOf(first)).toBe(401);
      expect(await statusOf(second)).toBe(200);
      expect((await app.call('GET', '/user/profile', { token: admin.token })).status).toBe(200);
    });

    it('ends for good when the console buys new tokens at the same moment', async () => {
      const user = await anotherAdmin();
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
      expect(await statusOf(cookie)).toBe(401);
    });

    it('ends when its user ends every session', async () => {
      const user = await anotherAdmin();
      const cookie = await cookieOf(user);
      expect(await statusOf(cookie)).toBe(200);
      expect((await app.call('POST', '/user/logout', { token: user.token, body: {} })).status).toBe(204);
      expect(await statusOf(cookie)).toBe(401);
    });

    it('is no session without the row that ends it', async () => {
      const { sub: id, ver: tokenVersion } = claimsOf(await cookieOf(admin));
      const tokens = app.app.get(AccessTokens);
      for (const sid of [undefined, randomUUID(), 'nonsense'])
        expect(
          await statusOf(`data_pusher_board=${tokens.issueForBoard({ id, tokenVersion }, sid as string)}`),
        ).toBe(401);
    });

    it('ends for who is no Admin any more, at once and on a page that is open', async () => {
      const second = await anotherAdmin();
      const { page } = await openBoard('/queues', second);
      await page.getByText('Deliveries').first().waitFor();
      await app.dataSource.query(`UPDATE users SET role = 'User' WHERE id = $1`, [second.user.id]);
      await page.getByText('Deliveries').first().click();
      await page.getByText('Only Admins may see the queues.').first().waitFor();
      await page.reload();
      expect(new URL(page.url()).pathname).toBe('/queues/login');
      await page.context().close();
    });

    it('ends with a new password and for who was disabled', async () => {
      const second = await anotherAdmin();
      const before = await cookieOf(second);
      expect(await statusOf(before)).toBe(200);
      const newPassword = 'Another@123-long';
      const body = { currentPassword: second.password, newPassword };
      expect((await app.call('PUT', '/user/profile', { token: second.token, body })).status).toBe(200);
      expect(await statusOf(before)).toBe(401);
      const after = await cookieOf({ ...second, password: newPassword });
      expect(await statusOf(after)).toBe(200);
      await app.dataSource.query('UPDATE users SET disabled_at = now() WHERE id = $1', [second.user.id]);
      expect(await statusOf(after)).toBe(401);
    });
  });

  describe('the queue', () => {
    it('shows an Admin which delivery failed, where and why, and makes the attempt at once when asked', async () => {
      receiver.answer(() => 500);
      await send('order-1');
      await waitFor(async () =>
        (await jobs('failed')).some(({ failedReason }) => failedReason?.includes('event  order-1')),
      );
      const { page, trouble } = await openPage(browser, app.url);
      await page.goto('/queues');
      await fillIn(page, admin.email, admin.password);
      await page.getByRole('link', { name: 'deliveries', exact: true }).click();
      await page.getByRole('link', { name: 'Acme · 1 event · 1 delivery' }).first().click();
      const reason = page.locator('pre', { hasText: 'event  order-1' });
      expect(await reason.innerText()).toContain(`POST ${receiver.url}/orders\n`);
      expect(await reason.innerText()).toMatch(
        /of +Acme\n +why +status: answered 500\n +next +attempt 2\n +due \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n +Retry makes it at once\n +the log has every attempt/,
      );
      expect(await page.content()).not.toContain('-secret');

      receiver.answer(() => 200);
      const made = receiver.requests.length;
      await confirm(page, 'refresh-cw');
      await waitFor(() => receiver.requests.length === made + 1);
      await waitFor(async () => (await deliveryOf('order-1')).status === 'success');
      expect(trouble).toEqual([]);
      await page.context().close();
    });

    it.each([1024, 1440])('tells whole what its jobs are in a window of %i pixels', async (width) => {
      const { page } = await openBoard('/queues/queue/deliveries', admin, {
        viewport: { width, height: 700 },
      });
      const told = page.getByText('Jobs are only hints').first();
      await told.waitFor();
      const [needed, given] = await told.evaluate<
        [number, number],
        { scrollWidth: number; clientWidth: number }
      >(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth]);
      expect(needed).toBeLessThanOrEqual(given);
      await page.context().close();
    });

    it('shows retries as delayed jobs and makes one at once when it is promoted', async () => {
      receiver.answer(() => 500);
      await send('order-2');
      const delayed = await waitFor(async () =>
        (await jobs('delayed')).find(({ data }) => data.event_id === 'order-2'),
      );
      receiver.answer(() => 200);
      const phone = { colorScheme: 'dark', viewport: { width: 390, height: 800 } };
      const path = `/queues/queue/deliveries/${delayed.id}?status=delayed`;
      const { page, trouble } = await openBoard(path, admin, phone);
      await page.getByText(/attempt 2 of 3 · POST/).waitFor();
      await confirm(page, 'corner-up-left');
      await waitFor(async () => (await deliveryOf('order-2')).status === 'success');
      expect((await deliveryOf('order-2')).attempts).toBe(2);
      expect(trouble).toEqual([]);
      await page.context().close();
    });

    it('holds no secret of what is delivered', async () => {
      receiver.answer((_request, _index, response) => {
        response.writeHead(500).end('answer-secret');
      });
      await send('order-3');
      await waitFor(async () =>
        (await jobs('failed')).some(({ failedReason }) => failedReason?.includes('event  order-3')),
      );
      const shown = JSON.stringify([...(await jobs('latest')), ...(await jobs('delayed'))]);
      expect(shown).toContain('order-3');
      expect(shown).not.toMatch(/-secret|whsec_/);
      expect(shown).not.toContain(account.app_secret_token);
    });

    it('refuses what would not do what it says', async () => {
      const cookie = await cookieOf(admin);
      const call = (method: string, path: string, body?: object) =>
        app.call(method, `/queues/api/queues/${path}`, { headers: { cookie }, body });
      for (const answer of [
        await call('PUT', 'deliveries/pause'),
        await call('PUT', 'pause'),
        await call('POST', 'deliveries/add', { name: 'x', data: { delivery_ids: 'x' } }),
        await call('PATCH', 'deliveries/1/update-data', { jobData: {} }),
      ]) {
        expect(answer.status).toBe(403);
        expect(answer.body.message).toContain('pause it through the API');
      }
      const { body } = await call('GET', '');
      expect(body.queues[0]).toMatchObject({ isPaused: false, allowRetries: true });
    });
  });

  describe('who may ask', () => {
    it('answers anonymous and User calls with a problem', async () => {
      const user = await registerUser(app);
      for (const [token, status] of [
        [undefined, 401],
        ['nonsense', 401],
        [user.token, 403],
      ] as const) {
        const answer = await app.call('GET', QUEUES, { token });
        expect(answer.status).toBe(status);
        expect(answer.headers.get('content-type')).toContain('application/problem+json');
        expect(answer.body).toMatchObject({ status, message: answer.body.detail });
      }
      const retried = await app.call('PUT', '/queues/api/queues/deliveries/retry/failed', {
        token: user.token,
      });
      expect(retried.status).toBe(403);
    });

    it('refuses an Admin whose request another site has sent', async () => {
      const headers = { cookie: await cookieOf(admin), 'sec-fetch-site': 'same-site' };
      const answer = await app.call('PUT', '/queues/api/queues/deliveries/retry/failed', { headers });
      expect(answer.status).toBe(403);
      expect(answer.body.detail).toBe('Another site sent this request.');
    });

    it('signs nobody out because another site asks', async () => {
      const cookie = await cookieOf(admin);
      for (const site of ['same-site', 'cross-site']) {
        const headers = { cookie, 'sec-fetch-site': site };
        const answer = await app.call('GET', '/queues/logout', { headers });
        expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
      }
      expect(await statusOf(cookie)).toBe(200);
    });

    it('lets nobody frame or keep a page', async () => {
      for (const path of ['/queues/login', '/queues', QUEUES]) {
        const { headers } = await app.call('GET', path, { token: admin.token });
        expect(headers.get('cache-control')).toBe('no-store');
        expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
        expect(headers.get('x-frame-options')).toBe('DENY');
      }
    });
  });

  it('lets a reader of the API page sign in, authorize and call', async () => {
    const { page, trouble } = await openPage(browser, app.url);
    const swagger = new SwaggerPage(page);
    await swagger.open('/swagger');
    const { email, password } = admin;
    const session = JSON.parse(await swagger.call('loginUser', { email, password })) as {
      access_token: string;
    };
    await swagger.authorize(session.access_token);
    expect(await swagger.call('listAccounts')).toContain('"account_name": "Acme"');
    expect(trouble).toEqual([]);
    await page.context().close();
  });
});
