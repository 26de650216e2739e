import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { openPage, startBrowser } from '../support/browser.js';
import { type TestUser, registerAdmin, registerUser } from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { SwaggerPage } from '../support/swagger.js';
import { waitFor } from '../support/wait-for.js';

const ACCOUNT = { account_name: 'CustomerLabs', email: 'labs@example.com', website: 'https://example.com' };
const DATA = { user: 'john', event: 'signup', nested: { list: [1, 2.5, null] } };

describe('seed 003, from top to bottom', { timeout: 60_000 }, () => {
  let app: TestApp;
  let browser: Browser;
  let receiver: Receiver;
  let admin: TestUser;
  let account: { id: string; app_secret_token: string };
  let destinations: { id: string }[];

  beforeAll(async () => {
    [app, receiver, browser] = await Promise.all([createTestApp(), startReceiver(), startBrowser()]);
    admin = await registerAdmin(app);
  });

  afterAll(async () => {
    await browser?.close();
    await app?.close();
    await receiver?.close();
  });

  const call = (method: string, path: string, body?: unknown) =>
    app.call(method, path, { token: admin.token, body });

  describe('the usage guide', () => {
    it('1. and 2. creates an account, whose token is made by itself', async () => {
      const answer = await call('POST', '/api/accounts/', ACCOUNT);
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject(ACCOUNT);
      expect(answer.body.app_secret_token.length).toBeGreaterThanOrEqual(32);
      account = answer.body;
    });

    it('3. creates destinations for the account', async () => {
      destinations = [];
      for (const path of ['/first', '/second']) {
        const body = { account: account.id, url: receiver.url + path, http_method: 'POST', headers: {} };
        const answer = await call('POST', '/api/destinations/', body);
        expect(answer.status).toBe(201);
        destinations.unshift(answer.body);
      }
    });

    it('4. and 5. receives data with the token and forwards it to all destinations', async () => {
      const answer = await app.call('POST', '/server/incoming_data/', {
        body: DATA,
        headers: { 'CL-X-TOKEN': account.app_secret_token },
      });
      expect(answer.status).toBe(202);
      await waitFor(() => receiver.requests.length === 2, { what: 'the data' });
      expect(receiver.requests.map(({ url }) => url).toSorted()).toEqual(['/first', '/second']);
      for (const { body } of receiver.requests) expect(JSON.parse(body.toString())).toEqual(DATA);
      expect((await app.call('POST', '/server/incoming_data/', { body: DATA })).status).toBe(401);
    });

    it('6. shows the incoming data of the account', async () => {
      const path = `/api/account/${account.id}/incoming-data/`;
      const { status, body } = await call('GET', path);
      expect(status).toBe(200);
      expect(body.data).toMatchObject([
        {
          account_id: account.id,
          payload: DATA,
          destinations: destinations.map(({ id }) => id).toReversed(),
        },
      ]);
      const stranger = await registerUser(app);
      expect((await app.call('GET', path, { token: stranger.token })).status).toBe(404);
      expect((await app.call('GET', path)).status).toBe(401);
    });
  });

  describe('the endpoints', () => {
    it('/api/accounts/: create, read, update and delete', async () => {
      const { body: created } = await call('POST', '/api/accounts/', { account_name: 'Second' });
      const path = `/api/accounts/${created.id}/`;
      expect((await call('GET', '/api/accounts/')).body.data).toMatchObject([
        { id: created.id },
        { id: account.id },
      ]);
      expect((await call('PUT', path, { account_name: 'Changed' })).body.account_name).toBe('Changed');
      expect((await call('PATCH', path, { website: 'https://example.org' })).status).toBe(200);
      expect((await call('GET', path)).body).toMatchObject({ account_name: 'Changed' });
      expect((await call('DELETE', path)).status).toBe(204);
      expect((await call('GET', path)).status).toBe(404);
    });

    it('/api/destinations/: create, read, update and delete', async () => {
      const body = { account: account.id, url: receiver.url, http_method: 'PUT', headers: { A: '1' } };
      const { body: created } = await call('POST', '/api/destinations/', body);
      const path = `/api/destinations/${created.id}/`;
      expect((await call('GET', '/api/destinations/')).body.data).toHaveLength(3);
      expect((await call('PUT', path, { ...body, http_method: 'GET' })).body.http_method).toBe('GET');
      expect((await call('PATCH', path, { description: 'x' })).body.description).toBe('x');
      expect((await call('GET', path)).body).toMatchObject({ headers: { A: '1' }, description: 'x' });
      expect((await call('DELETE', path)).status).toBe(204);
      expect((await call('GET', path)).status).toBe(404);
    });

    it('/api/account/<account_id>/destinations/: those of the account', async () => {
      const { status, body } = await call('GET', `/api/account/${account.id}/destinations/`);
      expect(status).toBe(200);
      expect(body.data.map(({ id }: { id: string }) => id)).toEqual(destinations.map(({ id }) => id));
    });
  });

  it('documents the API at /swagger/, where it can be tried out', async () => {
    const { page, trouble } = await openPage(browser, app.url);
    const swagger = new SwaggerPage(page);
    await swagger.open('/swagger/');
    await swagger.authorize(admin.token);
    expect(await swagger.call('listAllDestinations')).toContain('/second');
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('documents the API at /redoc/, to be read', async () => {
    const { page, trouble } = await openPage(browser, app.url);
    await page.goto('/redoc/');
    await page.getByRole('heading', { name: 'Data Pusher' }).waitFor();
    for (const group of ['Accounts', 'Destinations', 'Incoming data'])
      await page.getByText(group, { exact: true }).first().waitFor();
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('shows accounts, destinations and incoming data at /admin/', async () => {
    const { body } = await call('GET', `/api/account/${account.id}/incoming-data/`);
    const { page, trouble } = await openPage(browser, app.url);
    await page.goto('/admin/');
    await page.getByLabel('E-mail').fill(admin.email);
    await page.getByLabel('Password').fill(admin.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: ACCOUNT.account_name }).first().click();
    for (const path of ['/first', '/second'])
      await page.getByRole('cell', { name: receiver.url + path }).waitFor();
    await page.getByRole('link', { name: 'Incoming data' }).click();
    await page.getByRole('link', { name: body.data[0].event_id }).click();
    await page.getByText('"signup"').waitFor();
    expect(trouble).toEqual([]);
    await page.context().close();
  });
});
