import type { TestApp } from './app.js';
import { type TestAccount, type TestUser, createAccount, unlimited } from './factories.js';

/** An account that is not limited to 5 events per second. */
export async function createUnlimitedAccount(app: TestApp, admin: TestUser): Promise<TestAccount> {
  const account = await createAccount(app, admin);
  await unlimited(app, admin, account);
  return account;
}

/** Sends one event with the token of the account, byte for byte. */
export const sendEvent = (
  app: TestApp,
  account: TestAccount,
  body: string | Buffer,
  headers: Record<string, string> = {},
) =>
  app.call('POST', '/server/incoming_data', {
    raw: body,
    headers: { 'cl-x-token': account.app_secret_token, ...headers },
  });

/** The same with a batch. */
export const sendBatch = (
  app: TestApp,
  account: TestAccount,
  body: string | Buffer,
  headers: Record<string, string> = {},
) =>
  app.call('POST', '/server/incoming_data/batch', {
    raw: body,
    headers: { 'cl-x-token': account.app_secret_token, ...headers },
  });

/** What an account has in the tables that accepting writes. */
export async function stored(
  app: TestApp,
  account: TestAccount,
): Promise<{ events: number; keys: number; deliveries: number }> {
  const [row] = await app.dataSource.query(
    `SELECT (SELECT count(*)::integer FROM events WHERE account_id = $1) AS events,
            (SELECT count(*)::integer FROM event_keys WHERE account_id = $1) AS keys,
            (SELECT count(*)::integer FROM (
               SELECT id FROM deliveries WHERE account_id = $1 UNION ALL
               SELECT id FROM finished_deliveries WHERE account_id = $1) d) AS deliveries`,
    [account.id],
  );
  return row;
}
export const NOTHING_STORED = { events: 0, keys: 0, deliveries: 0 };

/** A batch of small events with these ids. */
export const batchOf = (...ids: string[]): string =>
  JSON.stringify(ids.map((event_id) => ({ event_id, data: { event_id } })));
