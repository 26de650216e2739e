import type { OpenAPIObject } from '@nestjs/swagger';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOpenApi } from '../../src/docs/openapi.js';
import { LOGGER } from '../../src/common/logger.js';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
} from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

const HEADER = 'canary-header-5f0c';
const PAYLOAD = 'canary-payload-81d2';
const PASSWORD = 'Canary@1-password';
const NEW_PASSWORD = 'Canary@2-password';
const WRONG_PASSWORD = 'Canary@3-password';

let app: TestApp;
let receiver: Receiver;
let admin: TestUser;
let member: TestUser;
let account: TestAccount;
let working: { id: string };
/** By what they are. */
const secrets: Record<string, string> = {};

beforeAll(async () => {
  app = await createTestApp();
  receiver = await startReceiver();
  admin = await registerAdmin(app);
  member = await registerUser(app);
  account = await createAccount(app, admin);
  await addMember(app, admin, account, member, 'User');
});

afterAll(async () => {
  await app?.close();
  await receiver?.close();
});

const asAdminWhole = (method: string, path: string, body?: unknown) =>
  app.call(method, path, { token: admin.token, body });
const asAdmin = async (...request: Parameters<typeof asAdminWhole>) => (await asAdminWhole(...request)).body;
const post = (path: string, body: unknown, token?: string) => app.call('POST', path, { body, token });

async function useAccounts(): Promise<void> {
  working = await createDestination(app, admin, account, {
    url: receiver.url,
    headers: { 'X-Api-Key': HEADER },
  });
  const closed = 'http://127.0.0.1:9/closed';
  await createDestination(app, admin, account, { url: closed, headers: { 'X-Api-Key': HEADER } });
  await createDestination(app, admin, account, { url: `${receiver.url}/get`, http_method: 'GET' });
  const path = `/accounts/${account.id}`;
  const { invite_token } = await asAdmin('POST', `${path}/members`, {
    email: 'invited@example.com',
    role_name: 'User',
  });
  const { key } = await asAdmin('POST', '/user/api-keys', {
    name: 'canary',
    currentPassword: admin.password,
  });
  const { signing_secret: secret } = await asAdmin('GET', `${path}/destinations/${working.id}/secret`);
  const rotated = await asAdmin('POST', `${path}/destinations/${working.id}/rotate-secret`, {});
  const { app_secret_token } = await asAdmin('POST', `${path}/rotate-token`, { grace_seconds: 60 });
  Object.assign(secrets, { invite_token, key, secret, app_secret_token, header: HEADER });
  secrets.rotated = rotated.signing_secret;
  secrets.oldToken = account.app_secret_token;
}

async function usePasswords(): Promise<void> {
  const email = 'canary@example.com';
  await post('/user/register', { email, password: PASSWORD });
  await post('/user/register', { email, password: PASSWORD });
  await post('/user/login', { email, password: WRONG_PASSWORD });
  const { body } = await post('/user/login', { email, password: PASSWORD });
  const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  const next = await app.call('PUT', '/user/profile', { token: body.access_token, body: change });
  const refreshed = await post('/user/refresh', { refresh_token: next.body.refresh_token });
  // Used twice, which is reported.
  await post('/user/refresh', { refresh_token: next.body.refresh_token });
  Object.assign(secrets, {
    password: PASSWORD,
    newPassword: NEW_PASSWORD,
    wrongPassword: WRONG_PASSWORD,
    refreshToken: refreshed.body.refresh_token,
    signature: refreshed.body.access_token.split('.')[2],
  });
}

/** Requests that are refused, each with something secret where it does not belong. */
async function beRefused(): Promise<void> {
  const { key, app_secret_token: token, refreshToken } = secrets;
  await app.call('POST', '/user/login', { raw: `{"email": "a@example.com", "password": "${PASSWORD}` });
  await post('/user/login', { email: PASSWORD, password: [PASSWORD], [PASSWORD]: key });
  await post('/user/register', { email: 'b@example.com', password: PASSWORD, invite_token: `${key}x` });
  await post('/user/refresh', { refresh_token: `${refreshToken}x` });
  await app.call('GET', `/accounts/${key}/destinations/${token}`, { token: admin.token });
  await app.call('GET', `/logs?token=${token}&key=${key}`, { token: `${key}x` });
  const headers = { 'cl-x-token': `${token}x`, 'x-request-id': 'a b', cookie: `a=${key}` };
  await app.call('POST', '/server/incoming_data', { headers, body: { PAYLOAD } });
  const destination = { url: `http://user:${PASSWORD}@127.0.0.1/`, headers: { 'X-Api-Key': `${HEADER}\n` } };
  await asAdmin('POST', `/accounts/${account.id}/destinations`, destination);
}

async function receiveAndDeliver(): Promise<void> {
  // One of those that tell what they were sent.
  receiver.answer(({ url, headers }, _index, response) => {
    response.writeHead(url.startsWith('/get') ? 500 : 200).end(JSON.stringify(headers));
  });
  const send = (eventId: string, raw: string) =>
    app.call('POST', '/server/incoming_data', {
      headers: { 'cl-x-token': secrets.app_secret_token!, 'cl-x-event-id': eventId },
      raw,
    });
  const event = JSON.stringify({ event_type: 'canary.seen', note: PAYLOAD });
  expect((await send('event-1', event)).status).toBe(202);
  await send('event-1', `${event} `);
  await send('event-2', event.slice(0, -1));
  await waitFor(async () => {
    const { deliveries } = await asAdmin('GET', `/accounts/${account.id}/logs/event-1`);
    return deliveries.every(({ status }: { status: string }) => ['success', 'failed'].includes(status));
  });
  expect(receiver.requests.some(({ headers }) => headers['x-api-key'] === HEADER)).toBe(true);
}

/** Statements that fail with what they were about to store among their parameters, and are logged as errors. */
async function breakTheDatabase(): Promise<void> {
  const ways = [
    (table: string) => [`RENAME TO ${table}_away`, `_away RENAME TO ${table}`],
    () => ['ADD CONSTRAINT broken CHECK (false) NOT VALID', ' DROP CONSTRAINT broken'],
  ];
  const failures = [];
  for (const table of ['users', 'refresh_tokens', 'destinations', 'account_tokens', 'api_keys', 'events'])
    for (const way of ways) {
      const [breaks, mends] = way(table);
      await app.dataSource.query(`ALTER TABLE ${table} ${breaks}`);
      failures.push(...(await failingAnswers()));
      await app.dataSource.query(`ALTER TABLE ${table}${mends}`);
    }
  expect(failures.filter(({ status }) => status === 500).length).toBeGreaterThan(8);
  for (const { body } of failures) expectNone(JSON.stringify(body));
}

async function failingAnswers(): Promise<TestAnswer[]> {
  const answers = await Promise.all([
    post('/user/register', { email: `c-${uuidv7()}@example.com`, password: PASSWORD }),
    post('/user/refresh', { refresh_token: secrets.refreshToken }),
    app.call('GET', '/user/profile', { token: secrets.key }),
    asAdminWhole('POST', '/user/api-keys', { name: `canary ${uuidv7()}`, currentPassword: admin.password }),
    asAdminWhole('POST', `/accounts/${account.id}/destinations`, {
      url: receiver.url,
      headers: { 'X-Api-Key': HEADER },
    }),
    app.call('POST', '/server/incoming_data', {
      headers: { 'cl-x-token': secrets.app_secret_token! },
      body: { note: PAYLOAD },
    }),
  ]);
  return answers.filter(({ status }) => status >= 400);
}

/** As it is, and what its hexadecimal digits mean: that is how PostgreSQL shows bytes. */
function readingsOf(text: string): string[] {
  const digits = text.replaceAll(/[^0-9a-f]/g, '');
  return [text, ...[digits, digits.slice(1)].map((each) => Buffer.from(each, 'hex').toString('latin1'))];
}

function expectNone(text: string, but: string[] = []): void {
  const found = Object.entries(secrets).filter(
    ([name, value]) => !but.includes(name) && text.includes(value),
  );
  expect(found).toEqual([]);
}

describe('secrets', () => {
  beforeAll(async () => {
    await useAccounts();
    await usePasswords();
    await beRefused();
    await receiveAndDeliver();
    await breakTheDatabase();
    secrets.payload = PAYLOAD;
    secrets.passwordHash = '$argon2id$';
  }, 60_000);

  it('are all there', () => {
    expect(Object.keys(secrets)).toHaveLength(14);
    for (const [name, value] of Object.entries(secrets))
      expect({ [name]: value }).toEqual({ [name]: expect.stringMatching(/.{10,}/) });
  });

  it('are in no line of the log, down to debug, failed statements included', () => {
    const log = app.log();
    for (const line of ['event.accepted', 'delivery.attempted', 'request.answered', 'request.failed'])
      expect(log).toContain(line);
    expect(log).toContain('session.reuse_detected');
    for (const text of readingsOf(log)) expectNone(text);
  });

  it('are nowhere in the database as they are, but for the payload in its event', async () => {
    const tables: { name: string }[] = await app.dataSource.query(
      `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
    );
    expect(tables.length).toBeGreaterThan(12);
    for (const { name } of tables) {
      const rows: { row: string }[] = await app.dataSource.query(`SELECT t::text AS row FROM ${name} t`);
      const stored = rows.map(({ row }) => row).join('\n');
      const but = { users: ['passwordHash'] }[name] ?? (name.startsWith('events') ? ['payload'] : []);
      for (const text of readingsOf(stored)) expectNone(text, but);
    }
  });

  const documentOf = (): OpenAPIObject => createOpenApi(app.app, app.config.version);

  /** What every operation that reads answers to this token, with ids that exist. */
  async function readAll(token: string | undefined): Promise<string> {
    const answers = [];
    const paths = Object.entries(documentOf().paths).filter(([, methods]) => methods.get);
    expect(paths.length).toBeGreaterThan(12);
    const members = await asAdmin('GET', `/accounts/${account.id}/members`);
    for (const [path] of paths) {
      const url = path
        .replace('{accountId}', account.id)
        .replace('{destinationId}', working.id)
        .replace('{memberId}', members.data[0].id)
        .replace('{userId}', admin.user.id)
        .replace('{eventId}', 'event-1')
        .replaceAll(/\{\w+\}/g, () => uuidv7());
      const { status, body } = await app.call('GET', url, { token });
      expect({ url, isOurFault: status >= 500 }).toEqual({ url, isOurFault: false });
      answers.push(JSON.stringify(body));
    }
    return answers.join('\n');
  }

  it('are in no answer to who may not see them', async () => {
    const stranger = await registerUser(app);
    for (const token of [undefined, stranger.token]) expectNone(await readAll(token));
    const seen = await readAll(member.token);
    expect(seen).toContain(PAYLOAD);
    expectNone(seen, ['payload']);
  });

  it('are shown to Admins only where they are meant to be read again', async () => {
    const seen = await readAll(admin.token);
    expectNone(seen, ['payload', 'header', 'app_secret_token', 'rotated']);
    for (const name of ['payload', 'header', 'app_secret_token', 'rotated'])
      expect(seen).toContain(secrets[name]);
  });

  it('would have been found: closing an app that has logged one fails', async () => {
    const careless = await createTestApp({}, 'api');
    careless.app.get<Logger>(LOGGER).debug({ some: { where: `x=${secrets.key}&y` } }, 'leak');
    await expect(careless.close()).rejects.toThrow('"msg":"leak"');
  });
});
