import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { QUEUES, cookieOf, fillIn, openBoard } from '../support/board.js';
import { openPage, startBrowser } from '../support/browser.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
  unlimited,
} from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

interface ShownJob {
  id: string;
  failedReason?: string;
  data: { event_id?: string };
}

describe('the board', () => {
  let app: TestApp;
  let browser: Browser;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;

  beforeAll(async () => {
    // Retries far in the future: whatever is attempted again was asked for by hand.
    [app, browser] = await Promise.all([createTestApp({ RETRY_SCHEDULE: '0s,1h,1h' }), startBrowser()]);
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

  /** The buttons of a job are icons without a name. */
  const confirm = async (page: Page, icon: string): Promise<void> => {
    await page.locator(`button:has(svg.lucide-${icon})`).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
  };

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
      const { page } = await openBoard({ app, browser }, '/queues/queue/deliveries', admin, {
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
      const { page, trouble } = await openBoard({ app, browser }, path, admin, phone);
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
      const cookie = await cookieOf(app, admin);
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
});
