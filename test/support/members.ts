import type { TwoAccounts } from './accounts.js';
import type { TestApp } from './app.js';
import { type TestAccount, type TestUser, addMember, createAccount } from './factories.js';

export interface MemberAnswer {
  id: string;
  user_id: string | null;
  email: string;
  role_name: string;
  status: string;
}

let counter = 0;
export const newEmail = () => `invited-${counter++}@example.com`;

/** A new account of `admin`, whose other Admin is `owner` and whose only User is `member`. */
export async function createAccountWithMembers(
  app: TestApp,
  { admin, owner, member }: Pick<TwoAccounts, 'admin' | 'owner' | 'member'>,
) {
  const account = await createAccount(app, admin);
  const ownerRow = await addMember(app, admin, account, owner, 'Admin');
  const memberRow = await addMember(app, admin, account, member, 'User');
  return { account, ownerRow, memberRow };
}

interface Scene {
  app: TestApp;
  owner: TestUser;
  account: TestAccount;
}

/**
 * Calls about the members of `account`, made by `owner` unless told otherwise.
 * @param scene asked at every call, as every test has an account of its own.
 */
export function memberCalls(scene: () => Scene) {
  const path = (id = '', accountId = scene().account.id) => `/accounts/${accountId}/members${id && `/${id}`}`;
  const add = (body: unknown, token = scene().owner.token) =>
    scene().app.call('POST', path(), { token, body });
  const list = async (query = '', token = scene().owner.token): Promise<MemberAnswer[]> =>
    (await scene().app.call('GET', path() + query, { token })).body.data;
  return { path, add, list };
}
