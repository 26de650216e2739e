import type { TestApp } from './app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  registerAdmin,
  registerUser,
} from './factories.js';

export interface TwoAccounts {
  /** Admin of the whole product, who made both accounts. */
  admin: TestUser;
  /** Admin of `account`. */
  owner: TestUser;
  /** User of `account`. */
  member: TestUser;
  /** Admin of `other`. */
  otherOwner: TestUser;
  /** Member of no account. */
  stranger: TestUser;
  account: TestAccount;
  other: TestAccount;
}

/** Two accounts in an empty database, and somebody in every role to them. */
export async function createTwoAccounts(app: TestApp): Promise<TwoAccounts> {
  const admin = await registerAdmin(app);
  const [owner, member, otherOwner, stranger] = await Promise.all([
    registerUser(app),
    registerUser(app),
    registerUser(app),
    registerUser(app),
  ]);
  const account = await createAccount(app, admin);
  const other = await createAccount(app, admin);
  await addMember(app, admin, account, owner, 'Admin');
  await addMember(app, admin, account, member, 'User');
  await addMember(app, admin, other, otherOwner, 'Admin');
  return { admin, owner, member, otherOwner, stranger, account, other };
}

/** The tokens of an account, the one without an end first; `expires_in` is in seconds. */
export const tokenRows = (app: TestApp, accountId: string): Promise<{ expires_in: number | null }[]> =>
  app.dataSource.query(
    `SELECT extract(epoch FROM expires_at - now())::float AS expires_in FROM account_tokens
     WHERE account_id = $1 ORDER BY expires_at NULLS FIRST`,
    [accountId],
  );
