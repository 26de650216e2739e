import type { Browser, Page } from 'playwright-core';
import { afterEach, afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { openPage, startBrowser } from '../support/browser.js';
import { registerAdmin } from '../support/factories.js';

const PASSWORD = 'Cedar-lamp-42';

describe('registering in the console', () => {
  let app: TestApp;
  let browser: Browser;

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterEach(async () => {
    // First: a connection that the browser opened ahead would keep the server for a minute.
    for (const context of browser.contexts()) await context.close();
    await app?.close();
  });
  afterAll(() => browser?.close());

  const fillIn = async (page: Page, email: string, repeated: string, invitation = ''): Promise<void> => {
    await page.locator('[name=email]').fill(email);
    await page.locator('[name=password]').fill(PASSWORD);
    await page.locator('[name=repeated]').fill(repeated);
    await page.locator('[name=invite_token]').fill(invitation);
    await page.getByRole('button', { name: 'Register' }).click();
  };

  const openForm = async () => {
    const watched = await openPage(browser, app.url);
    await watched.page.goto('/admin');
    await watched.page.getByRole('button', { name: 'Register' }).click();
    return watched;
  };

  it('makes the first Admin of an empty installation and signs in, whatever the mode of registration', async () => {
    app = await createTestApp({ REGISTRATION: 'closed' }, 'api');
    const { page, trouble } = await openForm();
    await page.getByText('The first user of an installation becomes its Admin.').waitFor();
    await fillIn(page, 'ann@example.com', 'something-else');
    await page.getByText('differs from the password above').waitFor();
    expect(await page.getByRole('alert').count()).toBe(1);
    await fillIn(page, 'ann@example.com', PASSWORD);
    await page.getByRole('button', { name: 'New account' }).waitFor();
    expect(trouble).toEqual([]);
  });

  it('says that registration is closed where it is', async () => {
    app = await createTestApp({ REGISTRATION: 'closed' }, 'api');
    await registerAdmin(app);
    const { page } = await openForm();
    await fillIn(page, 'ann@example.com', PASSWORD);
    expect(await page.getByRole('alert').innerText()).toBe(
      'Registration is closed. Ask an Admin to add you.',
    );
    await page.getByRole('button', { name: 'Back to sign in' }).click();
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  });

  it('redeems an invitation', async () => {
    app = await createTestApp({ REGISTRATION: 'invite' }, 'api');
    const { token } = await registerAdmin(app);
    const account = await app.call('POST', '/accounts', { token, body: { account_name: 'Acme' } });
    const members = `/accounts/${account.body.id}/members`;
    const invited = await app.call('POST', members, {
      token,
      body: { email: 'ann@example.com', role_name: 'User' },
    });
    const { page } = await openForm();
    await fillIn(page, 'ann@example.com', PASSWORD);
    await page.getByText('Registration needs an invitation').waitFor();
    await fillIn(page, 'ann@example.com', PASSWORD, ` ${invited.body.invite_token} `);
    await page.getByRole('link', { name: 'Acme' }).waitFor();
    expect(await page.getByRole('button', { name: 'New account' }).count()).toBe(0);
  });
});
