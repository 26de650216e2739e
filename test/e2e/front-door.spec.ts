import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../inputs/oracle/client.js';
import type { Answer } from '../inputs/oracle/problems.js';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  registerAdmin,
  unlimited,
} from '../support/factories.js';

/** What makes any request one for Node, and changes nothing else. */
const FOR_NODE = 'Connection: keep-alive, x';

interface Sent {
  token?: string;
  eventId?: string;
  type?: string;
  body?: string;
  more?: string[];
}

let app: TestApp;
let client: Client;
let admin: TestUser;
let account: TestAccount;

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  client = new Client(app.url);
  admin = await registerAdmin(app);
});

afterAll(async () => {
  await client?.close();
  await app?.close();
});

beforeEach(async () => {
  account = await createAccount(app, admin);
  await unlimited(app, admin, account);
});

function wire({ token, eventId, type = 'application/json', body = '{"a":1}', more = [] }: Sent = {}): string {
  const lines = [
    'POST /api/server/incoming_data HTTP/1.1',
    'Host: x',
    `CL-X-TOKEN: ${token ?? account.app_secret_token}`,
    ...(eventId === undefined ? [] : [`CL-X-EVENT-ID: ${eventId}`]),
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...more,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

async function change(settings: object): Promise<void> {
  const path = `/accounts/${account.id}`;
  expect(await app.call('PATCH', path, { token: admin.token, body: settings })).toMatchObject({
    status: 200,
  });
}

async function countEvents(): Promise<number> {
  const [{ n }] = await app.dataSource.query('SELECT count(*)::int AS n FROM events WHERE account_id = $1', [
    account.id,
  ]);
  return n;
}

describe('an answer at the front door is the one that Node, Fastify and Nest give', () => {
  /** But for what differs from request to request. */
  const comparable = ({ status, headers, body }: Answer) => ({
    status,
    headers: { ...headers, date: '', ratelimit: headers['ratelimit']?.replace(/r=\d+/, 'r=') },
    body: body
      .toString()
      .replace(/"id":"[^"]+"/, '"id":""')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'uuid'),
  });

  async function expectTheSame(sent: Sent, status: number): Promise<void> {
    const more = ['X-Request-Id: same', ...(sent.more ?? [])];
    const [atDoor] = await client.exchange([wire({ ...sent, more })], 1);
    const [byNode] = await client.exchange([wire({ ...sent, more: [...more, FOR_NODE] })], 1);
    expect(atDoor!.status).toBe(status);
    expect(comparable(atDoor!)).toEqual(comparable(byNode!));
    expect(Object.keys(atDoor!.headers).toSorted()).toEqual(Object.keys(byNode!.headers).toSorted());
  }

  it.each<[string, Sent, number]>([
    ['an event', {}, 202],
    ['an event id that is wrong', { eventId: 'a b' }, 400],
    ['an empty token', { token: '' }, 401],
    ['an unknown token', { token: 'x'.repeat(43) }, 401],
    ['a token of any length', { token: 'x'.repeat(1000) }, 401],
    ['an unknown token before all that is wrong behind it', { token: 'x', eventId: 'a b', body: '' }, 401],
    ['another media type', { type: 'text/plain' }, 415],
    ['another charset', { type: 'application/json; charset=latin1' }, 415],
    ['an event id before a media type', { eventId: 'a b', type: 'text/plain' }, 400],
    ['an empty body', { body: '' }, 400],
    ['a body that is no JSON', { body: '{"a":1,}' }, 400],
    ['a body that is a number', { body: '12' }, 400],
    ['a body that is nested too deep', { body: '['.repeat(300) + ']'.repeat(300) }, 400],
  ])('%s', (_, sent, status) => expectTheSame(sent, status));

  it('an event that was accepted before, and its id with other bytes', async () => {
    await client.exchange([wire({ eventId: 'e-1' })], 1);
    await expectTheSame({ eventId: 'e-1' }, 200);
    await expectTheSame({ eventId: 'e-1', body: '{"a":2}' }, 409);
    expect(await countEvents()).toBe(1);
  });

  it('a request beyond the limit', async () => {
    await change({ rate_limit_per_second: 1 });
    await client.exchange([wire()], 1);
    await expectTheSame({}, 429);
  });

  it('an event without an id, of an account that wants one', async () => {
    await change({ require_event_id: true });
    await expectTheSame({}, 400);
  });
});
