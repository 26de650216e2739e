import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { openPage, startBrowser } from '../support/browser.js';

const OPERATION = 'Accept an event and deliver it to every destination';

let app: TestApp;
let browser: Browser;

beforeAll(async () => {
  [app, browser] = await Promise.all([createTestApp({}, 'api'), startBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await app?.close();
});

describe.each(['/redoc', '/redoc/'])('%s', (path) => {
  it('shows every group of operations and the one that was linked to, and asks nobody but this server', async () => {
    const { tags } = (await app.call('GET', '/openapi.json')).body as { tags: { name: string }[] };
    const { page, trouble } = await openPage(browser, app.url);
    await page.goto(`${path}#/redoc/incoming-data/receivedata`);
    await page.getByRole('heading', { name: OPERATION }).waitFor();
    for (const { name } of tags) await page.getByText(name, { exact: true }).first().waitFor();
    expect(trouble).toEqual([]);
  });
});

describe('/redoc', () => {
  it('finds operations', async () => {
    const { page, trouble } = await openPage(browser, app.url);
    await page.goto('/redoc');
    await page.getByText('Search').first().click();
    await page.keyboard.type('rotate');
    await page.getByText('Make a new signing secret').first().waitFor();
    expect(trouble).toEqual([]);
  });

  it('may load nothing from elsewhere, and nobody may frame it', async () => {
    const { headers } = await app.call('GET', '/redoc');
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/https?:|unsafe-eval|\*/);
  });

  it('has its library and a problem for what it does not have', async () => {
    const library = await app.call('GET', '/redoc/redoc.standalone.js');
    expect(library.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(library.body.length).toBeGreaterThan(1_000_000);
    const unknown = await app.call('GET', '/redoc/unknown.js');
    expect({ status: unknown.status, code: unknown.body.code }).toEqual({ status: 404, code: 'not_found' });
  });
});
