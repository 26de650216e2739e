import { v7 as uuidv7 } from 'uuid';
import { createTwoAccounts } from './accounts.js';
import type { TestApp } from './app.js';
import { type TestAccount, type TestUser, UNKNOWN, createDestination } from './factories.js';

export interface DestinationAnswer {
  id: string;
  account_id: string;
  url: string;
  version: number;
  state: string;
  headers: Record<string, string>;
  signing_secret?: string;
}

export const URL_A = 'https://webhook.example/a';
export const SECRET_HEADERS = { APP_ID: 'app-1', APP_SECRET: 's3cret-canary', Accept: '*' };
export const MASKED = { APP_ID: '***', APP_SECRET: '***', Accept: '***' };

/** Two accounts, and a destination of `other` that is foreign to everybody in `account`. */
export async function createTwoAccountsWithDestination(app: TestApp) {
  const accounts = await createTwoAccounts(app);
  const foreign = await createDestination(app, accounts.otherOwner, accounts.other, { url: URL_A });
  return { ...accounts, foreign };
}

interface Scene {
  app: TestApp;
  owner: TestUser;
  account: TestAccount;
  destination: DestinationAnswer;
}

/**
 * Calls about `destination` and the others of `account`, made by `owner` unless told otherwise.
 * @param scene asked at every call, as every test has a destination of its own.
 */
export function destinationCalls(scene: () => Scene) {
  const path = (suffix = '', accountId = scene().account.id) =>
    `/accounts/${accountId}/destinations${suffix && `/${suffix}`}`;
  const create = (body: unknown, token = scene().owner.token) =>
    scene().app.call('POST', path(), { token, body });
  const read = async (token = scene().owner.token): Promise<DestinationAnswer> =>
    (await scene().app.call('GET', path(scene().destination.id), { token })).body;
  const post = (action: string, token = scene().owner.token, body?: unknown, id = scene().destination.id) =>
    scene().app.call('POST', path(`${id}/${action}`), { token, ...(body === undefined ? {} : { body }) });
  return { path, create, read, post };
}

export const rowOf = async (app: TestApp, id: string) =>
  (await app.dataSource.query('SELECT * FROM destinations WHERE id = $1', [id]))[0];

/** A delivery that is not due, so that no worker takes it. */
export async function addDelivery(
  app: TestApp,
  destination: DestinationAnswer,
  status = 'pending',
  attempts = 0,
): Promise<string> {
  const id = uuidv7();
  await app.dataSource.query(
    `INSERT INTO deliveries (id, event, account_id, destination_id, event_id, status, attempts, due_at)
     VALUES ($1, $1, $2, $3, 'order-1', $4, $5, now() + interval '1 day')`,
    [id, destination.account_id, destination.id, status, attempts],
  );
  return id;
}

export const deliveryOf = async (app: TestApp, id: string) =>
  (
    await app.dataSource.query(
      `SELECT status, due_at = 'infinity' AS held, due_at <= now() AS due FROM deliveries WHERE id = $1`,
      [id],
    )
  )[0];

/** What is wrong with one field of a body, for create and for changes. */
export const invalidFields: [string, Record<string, unknown>, string][] = [
  ['a null url', { url: null }, 'url'],
  ['an empty url', { url: '' }, 'url'],
  ['a url that is no text', { url: 7 }, 'url'],
  ['a url without host', { url: 'x' }, 'url'],
  ['a url of another protocol', { url: 'ftp://a.example/' }, 'url'],
  ['a url with a password', { url: 'https://user:pw@a.example/' }, 'url'],
  ['a url of a private address', { url: 'http://10.0.0.1/' }, 'url'],
  ['a url of a private address in disguise', { url: 'http://0xa9fea9fe/latest' }, 'url'],
  ['a url with a NUL', { url: 'https://a.example/\0' }, 'url'],
  ['a url with half a surrogate pair', { url: 'https://a.example/\ud800' }, 'url'],
  ['a url that is too long', { url: `https://a.example/${'x'.repeat(2048)}` }, 'url'],
  ['a null method', { http_method: null }, 'http_method'],
  ['an unknown method', { http_method: 'TRACE' }, 'http_method'],
  ['a method that is no text', { http_method: ['POST'] }, 'http_method'],
  ['null headers', { headers: null }, 'headers'],
  ['headers as a list', { headers: ['a'] }, 'headers'],
  ['headers as text', { headers: 'a: b' }, 'headers'],
  ['a header that is no text', { headers: { 'X-Id': 7 } }, 'headers.X-Id'],
  ['a null header', { headers: { 'X-Id': null } }, 'headers.X-Id'],
  ['a header with a line break', { headers: { 'X-Id': 'a\r\nHost: b' } }, 'headers.X-Id'],
  ['a header of the connection', { headers: { Host: 'a' } }, 'headers.Host'],
  ['a header of the gateway', { headers: { 'webhook-id': 'a' } }, 'headers.webhook-id'],
  ['a header given twice', { headers: { 'X-Id': 'a', 'x-id': 'b' } }, 'headers.x-id'],
  [
    'too many headers',
    { headers: Object.fromEntries([...Array(31).keys()].map((i) => [`h${i}`, 'x'])) },
    'headers',
  ],
  ['headers that are too long', { headers: { a: 'x'.repeat(8200) } }, 'headers'],
  ['a mask for a header that is not stored', { headers: { 'X-New': '***' } }, 'headers.X-New'],
  ['a mask for the header "toString"', { headers: { toString: '***' } }, 'headers.toString'],
  ['null event types', { event_types: null }, 'event_types'],
  ['event types as text', { event_types: 'user.created' }, 'event_types'],
  ['an event type that is no text', { event_types: [7] }, 'event_types'],
  ['an empty event type', { event_types: [''] }, 'event_types'],
  ['a star in the middle', { event_types: ['user.*.created'] }, 'event_types'],
  ['a star without a dot', { event_types: ['user*'] }, 'event_types'],
  ['an event type with a space', { event_types: ['user created'] }, 'event_types'],
  ['an event type with a line break', { event_types: ['user\n'] }, 'event_types'],
  ['an event type that is too long', { event_types: ['x'.repeat(256)] }, 'event_types'],
  ['too many event types', { event_types: Array(101).fill('a') }, 'event_types'],
  ['a description that is no text', { description: 7 }, 'description'],
  ['a description that is too long', { description: 'x'.repeat(501) }, 'description'],
  ['a description with a NUL', { description: '\0a' }, 'description'],
  ['a null max_in_flight', { max_in_flight: null }, 'max_in_flight'],
  ['max_in_flight 0', { max_in_flight: 0 }, 'max_in_flight'],
  ['max_in_flight 1001', { max_in_flight: 1001 }, 'max_in_flight'],
  ['max_in_flight as text', { max_in_flight: '5' }, 'max_in_flight'],
  ['a rate of 0', { rate_limit_per_second: 0 }, 'rate_limit_per_second'],
  ['a rate of 100001', { rate_limit_per_second: 100_001 }, 'rate_limit_per_second'],
  ['a rate that is no whole number', { rate_limit_per_second: 1.5 }, 'rate_limit_per_second'],
  ['a timeout of 99', { timeout_ms: 99 }, 'timeout_ms'],
  ['a timeout of 30001', { timeout_ms: 30_001 }, 'timeout_ms'],
  ['a timeout as text', { timeout_ms: '1000' }, 'timeout_ms'],
  ['a state, which has calls of its own', { state: 'paused' }, 'state'],
  ['a signing secret of its own', { signing_secret: 'whsec_mine' }, 'signing_secret'],
  ['another account', { account_id: UNKNOWN }, 'account_id'],
];
