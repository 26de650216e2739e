import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type WatchedPage, openPage, startBrowser } from '../support/browser.js';
import {
  type TestUser,
  addMember,
  createAccount,
  registerAdmin,
  registerUser,
} from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

const KEPT_AS = 'data-pusher-session';

describe('the console under /admin', () => {
  let app: TestApp;
  let browser: Browser;
  let receiver: Receiver;
  let admin: TestUser;

  beforeAll(async () => {
    [app, browser, receiver] = await Promise.all([createTestApp(), startBrowser(), startReceiver(() => 200)]);
    admin = await registerAdmin(app);
  });

  afterAll(async () => {
    await browser?.close();
    await app?.close();
    await receiver?.close();
  });

  const open = async (path = '/admin/'): Promise<WatchedPage> => {
    const watched = await openPage(browser, app.url);
    await watched.page.goto(path);
    return watched;
  };

  const signIn = async (page: Page, user: TestUser): Promise<void> => {
    await page.getByLabel('E-mail').fill(user.email);
    await page.getByLabel('Password').fill(user.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Accounts' }).waitFor();
  };

  it('lets an Admin make an account and a destination, and shows what came and where it went', async () => {
    const { page, trouble } = await open();
    await signIn(page, admin);

    await page.getByRole('button', { name: 'New account' }).click();
    await page.getByLabel('Name').fill('Console & <Sons>');
    await page.getByLabel('Web site').fill('https://example.com');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Console & <Sons>' }).waitFor();

    await page.getByRole('button', { name: 'New destination' }).click();
    await page.getByLabel('URL').fill(`${receiver.url}/hook`);
    await page.getByLabel('Method').selectOption('PUT');
    await page.getByLabel('Headers').fill('APP_ID: 1234\nAPP_SECRET: a:b');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('cell', { name: `${receiver.url}/hook` }).waitFor();
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();

    await page.getByRole('button', { name: 'Show' }).click();
    const token = await page.locator('.token code').textContent();
    const { status } = await app.call('POST', '/server/incoming_data', {
      body: { user: '<b>Ann</b>' },
      headers: { 'cl-x-token': token!, 'cl-x-event-id': 'from/console 1'.replace(' ', '-') },
    });
    expect(status).toBe(202);
    await waitFor(() => receiver.requests.length === 1);
    expect(receiver.requests[0]).toMatchObject({
      method: 'PUT',
      headers: { app_id: '1234', app_secret: 'a:b' },
    });

    await page.getByRole('link', { name: 'Incoming data' }).click();
    await page.getByRole('link', { name: 'from/console-1' }).click();
    await page.getByText('"<b>Ann</b>"').waitFor();
    await waitFor(async () => {
      await page.getByRole('button', { name: 'Refresh' }).click();
      return page.locator('section .state.success').isVisible();
    });
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.locator('section .state', { hasText: 'replay' }).waitFor();
    expect(await page.locator('section').count()).toBe(2);
    expect(trouble).toEqual([]);
  });

  it('hands an Admin over to the queues without another sign-in, and the end of one session ends both', async () => {
    const { page, trouble } = await open();
    await signIn(page, admin);
    await page.getByRole('link', { name: 'Queues' }).click();
    await page.getByText('Deliveries').first().waitFor();
    expect(new URL(page.url()).pathname).toBe('/queues');
    expect(trouble).toEqual([]);
    await page.goto('/queues/logout');
    await page.goto('/admin/');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  it('says what is wrong beside the field, and keeps what was typed', async () => {
    const account = await createAccount(app, admin);
    const { page } = await open(`/admin/#/accounts/${account.id}`);
    await page.getByLabel('E-mail').fill(admin.email);
    await page.getByLabel('Password').fill(admin.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'New destination' }).click();
    await page.getByLabel('URL').fill('http://10.0.0.1/hook');
    await page.getByLabel('Headers').fill('no colon here');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('"no colon here" has no colon').waitFor();
    await page.getByLabel('Headers').fill('');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.locator('small.wrong').waitFor();
    expect(await page.getByRole('alert').count()).toBe(1);
    expect(await page.getByLabel('URL').inputValue()).toBe('http://10.0.0.1/hook');
  });

  it('shows a member of an account neither its token nor what only its Admins may do', async () => {
    const account = await createAccount(app, admin, { account_name: 'Shared' });
    const member = await registerUser(app);
    await addMember(app, admin, account, member, 'User');
    const { page } = await open();
    await signIn(page, member);
    expect(await page.getByRole('button', { name: 'New account' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Shared' }).click();
    await page.getByText('No destination yet').waitFor();
    expect(await page.content()).not.toContain(account.app_secret_token);
    for (const name of ['Edit', 'Delete', 'Rotate', 'New destination'])
      expect(await page.getByRole('button', { name }).count()).toBe(0);
  });

  it('stays signed in over a reload, and ends the session on the server when asked to', async () => {
    const { page } = await open();
    const answered = page.waitForResponse('**/api/user/login');
    await signIn(page, admin);
    const { refresh_token } = await (await answered).json();
    const form = { email: admin.email, password: admin.password };
    await page.request.post('/queues/login', { form });
    const [board] = await page.context().cookies();
    const queues = async () => {
      const headers = { cookie: `${board!.name}=${board!.value}` };
      return (await app.call('GET', '/queues/api/queues', { headers })).status;
    };
    expect(await queues()).toBe(200);
    await page.reload();
    await page.getByRole('heading', { name: 'Accounts' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    const { status } = await app.call('POST', '/user/refresh', { body: { refresh_token } });
    expect(status).toBe(401);
    expect(await page.context().cookies()).toEqual([]);
    expect(await queues()).toBe(401);
  });

  it('buys a new access token by itself when the old one is over', async () => {
    const { page } = await open();
    await signIn(page, admin);
    // Another page of this server, where the session waits for the console to come back.
    await page.goto('/health/live');
    const kept = JSON.parse(await page.evaluate<string>(`sessionStorage.getItem('${KEPT_AS}')`));
    const withOld = JSON.stringify(JSON.stringify({ ...kept, accessToken: 'over' }));
    await page.evaluate(`sessionStorage.setItem('${KEPT_AS}', ${withOld})`);
    const bought = page.waitForResponse('**/api/user/refresh');
    await page.goto('/admin/');
    expect((await bought).status()).toBe(200);
    await page.getByRole('table').waitFor();
  });

  it('gives a duplicate of its tab no session: two that use one refresh token would end it', async () => {
    const { page } = await open();
    await signIn(page, admin);
    const opened = page.waitForEvent('popup');
    await page.evaluate('void window.open(location.href)');
    const duplicate = await opened;
    await duplicate.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await duplicate.evaluate(`sessionStorage.getItem('${KEPT_AS}')`)).toBeNull();
  });

  it('is where browsers that come to the root are sent; others find nothing there', async () => {
    const { page } = await open('/');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/admin');
    const headers = { accept: 'application/json' };
    expect((await app.call('GET', '/', { headers })).body).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('keeps its headings whole on a phone', async () => {
    const watched = await openPage(browser, app.url, { viewport: { width: 390, height: 800 } });
    await watched.page.goto('/admin/');
    await signIn(watched.page, admin);
    const lines = `{ const h1 = document.querySelector('h1');
      h1.getBoundingClientRect().height / parseFloat(getComputedStyle(h1).lineHeight) }`;
    expect(Math.round(await watched.page.evaluate<number>(lines))).toBe(1);
  });

  it('answers with pages that nobody can frame or add scripts to', async () => {
    for (const path of ['/admin', '/admin/']) {
      const answer = await fetch(app.url + path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    }
    expect((await fetch(`${app.url}/admin/assets/..%2f..%2fpackage.json`)).status).toBe(404);
  });
});
