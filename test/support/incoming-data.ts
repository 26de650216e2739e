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
