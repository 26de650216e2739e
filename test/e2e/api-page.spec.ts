import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { openPage, startBrowser } from '../support/browser.js';
import { type TestUser, createAccount, registerAdmin } from '../support/factories.js';
import { SwaggerPage } from '../support/swagger.js';

describe('the API page', () => {
  let app: TestApp;
  let browser: Browser;
  let admin: TestUser;

  beforeAll(async () => {
    [app, browser] = await Promise.all([createTestApp(), startBrowser()]);
    admin = await registerAdmin(app);
    await createAccount(app, admin, { account_name: 'Acme' });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.close();
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
