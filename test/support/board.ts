import type { Browser, Page } from 'playwright-core';
import type { Claims } from '../../src/auth/access-tokens.js';
import type { TestApp } from './app.js';
import { type WatchedPage, openPage } from './browser.js';
import { type TestUser, registerUser } from './factories.js';

/** What the board asks to show the jobs of the queue. */
export const QUEUES = '/queues/api/queues?activeQueue=deliveries';

/** Signs in without a browser. */
export const signIn = (
  app: TestApp,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${app.url}/queues/login`, {
    method: 'POST',
    body: new URLSearchParams(form),
    redirect: 'manual',
    headers,
  });

/** The session of `user`, as a header. */
export const cookieOf = async (app: TestApp, { email, password }: TestUser): Promise<string> =>
  (await signIn(app, { email, password })).headers.get('set-cookie')!.split(';')[0]!;

/** 200 while the session goes on, else 401. */
export const statusOf = async (app: TestApp, cookie: string): Promise<number> =>
  (await app.call('GET', QUEUES, { headers: { cookie } })).status;

export const claimsOf = (cookie: string): Claims =>
  JSON.parse(Buffer.from(cookie.split('.')[1]!, 'base64url').toString()) as Claims;

export async function anotherAdmin(app: TestApp): Promise<TestUser> {
  const user = await registerUser(app);
  await app.dataSource.query(`UPDATE users SET role = 'Admin' WHERE id = $1`, [user.user.id]);
  return user;
}

export async function fillIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** A page of the board with the session of `user`. */
export async function openBoard(
  { app, browser }: { app: TestApp; browser: Browser },
  path: string,
  user: TestUser,
  options = {},
): Promise<WatchedPage> {
  const [name, value] = (await cookieOf(app, user)).split('=') as [string, string];
  const watched = await openPage(browser, app.url, options);
  await watched.page.context().addCookies([{ name, value, domain: '127.0.0.1', path: '/queues' }]);
  await watched.page.goto(path);
  return watched;
}
