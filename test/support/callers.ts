import { expect } from 'vitest';
import type { TestApp } from './app.js';
import { type TestAccount, type TestUser, addMember, registerAdmin, registerUser } from './factories.js';
import { createUnlimitedAccount, sendEvent } from './incoming-data.js';

export type Account = 'ours' | 'theirs';

export interface Caller {
  name: string;
  user?: TestUser;
  /** Sent instead of the token of a session. */
  apiKey?: string;
  isGlobalAdmin?: boolean;
  roles: Partial<Record<Account, 'Admin' | 'User'>>;
}

export interface CallersOfTwoAccounts {
  app: TestApp;
  /** Admin of the whole product. */
  admin: TestUser;
  callers: Caller[];
  accounts: Record<Account, TestAccount>;
}

let counter = 0;

/** Two accounts in an empty database, and whoever may or may not do something in them. */
export async function createCallers(app: TestApp): Promise<CallersOfTwoAccounts> {
  const admin = await registerAdmin(app);
  const [stranger, theirAdmin, ourUser, ourAdmin] = await Promise.all([
    registerUser(app),
    registerUser(app),
    registerUser(app),
    registerUser(app),
  ]);
  const accounts = {
    ours: await newAccount(app, admin, ourAdmin),
    theirs: await newAccount(app, admin, theirAdmin),
  };
  await addMember(app, admin, accounts.ours, ourUser, 'User');
  const callers: Caller[] = [
    { name: 'anonymous', roles: {} },
    { name: 'stranger', user: stranger, roles: {} },
    { name: 'Admin of another account', user: theirAdmin, roles: { theirs: 'Admin' } },
    { name: 'account User', user: ourUser, roles: { ours: 'User' } },
    { name: 'account Admin', user: ourAdmin, roles: { ours: 'Admin' } },
    { name: 'Admin', user: admin, isGlobalAdmin: true, roles: { ours: 'Admin', theirs: 'Admin' } },
  ];
  for (const caller of callers.slice(-2))
    callers.push({
      ...caller,
      name: `${caller.name} by API key`,
      apiKey: (await newApiKey(app, caller.user!)).key,
    });
  return { app, admin, callers, accounts };
}

/** An account with an event, of which the global Admin is no member. */
async function newAccount(app: TestApp, admin: TestUser, accountAdmin: TestUser): Promise<TestAccount> {
  const account = await createUnlimitedAccount(app, admin);
  await addMember(app, admin, account, accountAdmin, 'Admin');
  const { body } = await app.call('GET', `/accounts/${account.id}/members`, { token: admin.token });
  const creator = body.data.find((member: { user_id: string }) => member.user_id === admin.user.id);
  await app.call('DELETE', `/accounts/${account.id}/members/${creator.id}`, { token: admin.token });
  const received = await sendEvent(app, account, '{}', { 'cl-x-event-id': eventIdOf(account) });
  expect(received.status).toBe(202);
  return account;
}

export function eventIdOf(account: TestAccount): string {
  return `event-of-${account.id}`;
}

export async function newApiKey(app: TestApp, user: TestUser): Promise<{ id: string; key: string }> {
  const body = apiKeyBody(user.password);
  return (await app.call('POST', '/user/api-keys', { token: user.token, body })).body;
}

export const apiKeyBody = (currentPassword: string) => ({ name: `key ${counter++}`, currentPassword });
