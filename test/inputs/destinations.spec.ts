import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, createAccount, registerAdmin } from '../support/factories.js';
import { destinationUrls } from './corpus/addresses.js';
import { destinationHeaders } from './corpus/destination-headers.js';
import { ODD_TEXTS } from './corpus/texts.js';
import { Client } from './oracle/client.js';
import { faultsOf, problemOf } from './oracle/problems.js';
import { readTables } from './oracle/rows.js';
import { runAll } from './oracle/run-all.js';

const LONG_MS = 60_000;
const PUBLIC_URL = 'https://example.com/hook';

let app: TestApp;
let client: Client;
let admin: TestUser;
let account: TestAccount;

beforeAll(async () => {
  // All but one private address is refused here, loopback included, as in production.
  app = await createTestApp({ EGRESS_ALLOW: '10.99.0.1:9' }, 'api');
  client = new Client(app.url);
  admin = await registerAdmin(app);
  account = await createAccount(app, admin);
});

afterAll(async () => {
  await client?.close();
  await app?.close();
});

const call = (method: string, path: string, body?: unknown) =>
  client.send({
    method,
    path: `/api/accounts${path}`,
    headers: {
      authorization: `Bearer ${admin.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });

const create = (body: object) => call('POST', `/${account.id}/destinations`, body);

/** What is wrong with the answer to a destination that must be refused because of `field`. */
async function refusal(body: object, field: string): Promise<string[]> {
  const answer = await create(body);
  if (answer.status !== 400) return [`answered ${answer.status}`];
  const faults = faultsOf(answer, [account.app_secret_token, admin.token]);
  const names = faults.length === 0 ? problemOf(answer).errors.map((error) => error.field) : [];
  return faults.length > 0 || names.some((name) => name === field || name.startsWith(`${field}.`))
    ? faults
    : [`names ${names.join()}`];
}

/** What is wrong with how a destination that is allowed was saved. */
async function saving(
  body: object,
  read: (saved: Record<string, unknown>) => unknown,
  expected: unknown,
): Promise<string[]> {
  const answer = await create(body);
  if (answer.status !== 201) return [`answered ${answer.status} ${answer.body.toString()}`];
  const got = read(JSON.parse(answer.body.toString()) as Record<string, unknown>);
  return JSON.stringify(got) === JSON.stringify(expected) ? [] : [`came back as ${JSON.stringify(got)}`];
}

describe('destinations', () => {
  const urls = destinationUrls();
  const headers = destinationHeaders();

  it(
    `refuses ${urls.filter(({ isAllowed }) => !isAllowed).length} URLs, and nothing is stored`,
    async () => {
      const before = await readTables(app.dataSource);
      const refused = urls.filter(({ isAllowed }) => !isAllowed);
      expect(await runAll(refused, ({ url }) => refusal({ url }, 'url'))).toEqual([]);
      expect(await readTables(app.dataSource)).toEqual(before);
    },
    LONG_MS,
  );

  it(
    `takes ${urls.filter(({ isAllowed }) => isAllowed).length} URLs as they are`,
    async () => {
      const allowed = urls.filter(({ isAllowed }) => isAllowed);
      expect(
        await runAll(allowed, ({ url }) => saving({ url }, (saved) => saved['url'], url.trim())),
      ).toEqual([]);
    },
    LONG_MS,
  );

  it(
    `refuses ${headers.filter(({ isAllowed }) => !isAllowed).length} headers, and nothing is stored`,
    async () => {
      const before = await readTables(app.dataSource);
      const refused = headers.filter(({ isAllowed }) => !isAllowed);
      expect(
        await runAll(refused, (one) => refusal({ url: PUBLIC_URL, headers: one.headers }, 'headers')),
      ).toEqual([]);
      expect(await readTables(app.dataSource)).toEqual(before);
    },
    LONG_MS,
  );

  it(
    `takes ${headers.filter(({ isAllowed }) => isAllowed).length} headers as they are`,
    async () => {
      const allowed = headers.filter(({ isAllowed }) => isAllowed);
      const findings = await runAll(allowed, (one) =>
        saving({ url: PUBLIC_URL, headers: one.headers }, (saved) => saved['headers'], one.headers),
      );
      expect(findings).toEqual([]);
    },
    LONG_MS,
  );
});

describe('texts', () => {
  const texts = Object.entries(ODD_TEXTS).map(([name, text]) => ({ name, text }));
  // Control characters must be escaped in every answer, so that no terminal obeys them.
  const hasControls = (body: Buffer): boolean => body.some((byte) => byte < 0x20);

  it(`of ${texts.length} odd kinds come back as they were sent, and are found`, async () => {
    const findings = await runAll(texts, async ({ text }) => {
      const created = await call('POST', '', { account_name: text });
      if (created.status !== 201) return [`answered ${created.status} ${created.body.toString()}`];
      const { id } = JSON.parse(created.body.toString()) as { id: string };
      const read = await call('GET', `/${id}`);
      const found = await call('GET', `?limit=200&q=${encodeURIComponent(text)}`);
      const answers = [created, read, found];
      const name = (JSON.parse(read.body.toString()) as { account_name: string }).account_name;
      const matches = (JSON.parse(found.body.toString()) as { data?: { id: string }[] }).data ?? [];
      return [
        ...(name === text.trim() ? [] : [`came back as ${JSON.stringify(name)}`]),
        ...(matches.some((one) => one.id === id) ? [] : [`is not found: ${found.status}`]),
        ...(answers.some(({ body }) => hasControls(body)) ? ['controls reach the reader'] : []),
        ...(answers.every((one) => one.headers['content-type'] === 'application/json; charset=utf-8')
          ? []
          : ['is no JSON']),
      ];
    });
    expect(findings).toEqual([]);
  });

  it(`of ${texts.length} odd kinds describe a destination as they were sent`, async () => {
    const findings = await runAll(texts, ({ text }) =>
      saving({ url: PUBLIC_URL, description: text }, (saved) => saved['description'], text.trim()),
    );
    expect(findings).toEqual([]);
  });
});

describe('ids in upper case', () => {
  it('are the same ids: what is stored under them can be read under the others', async () => {
    const { id } = JSON.parse((await create({ url: PUBLIC_URL })).body.toString()) as { id: string };
    const upper = `/${account.id.toUpperCase()}/destinations/${id.toUpperCase()}`;
    const changed = await call('PATCH', upper, { headers: { 'X-A': 'changed' } });
    expect(changed.status).toBe(200);
    const read = await call('GET', `/${account.id}/destinations/${id}`);
    expect(JSON.parse(read.body.toString())).toMatchObject({
      id,
      account_id: account.id,
      headers: { 'X-A': 'changed' },
    });
    const rotated = await call('POST', `${upper}/rotate-secret`, {});
    const secret = await call('GET', `/${account.id}/destinations/${id}/secret`);
    expect([rotated.status, secret.status]).toEqual([200, 200]);
    expect(JSON.parse(secret.body.toString())).toMatchObject({
      signing_secret: (JSON.parse(rotated.body.toString()) as { signing_secret: string }).signing_secret,
    });
  });
});
