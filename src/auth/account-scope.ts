import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { AccountAccess } from './current-user.js';

/** The accounts a list reads, with what the caller is in each. Admins see all. */
export type AccountScope = AccountAccess[] | 'all';

/**
 * SQL for a row of an account that was not deleted. Written so that PostgreSQL expects half of the rows to be, also where
 * there are next to no accounts, and follows an index in order of ids.
 */
export const ofLivingAccount = (column: string): string =>
  `${column} NOT IN (SELECT id FROM accounts WHERE deleted_at IS NOT NULL)`;

export function accessIn(scope: AccountScope, accountId: string): AccountAccess {
  const access = scope === 'all' ? undefined : scope.find((one) => one.accountId === accountId);
  return access ?? { accountId, role: scope === 'all' ? 'Admin' : 'User' };
}

/**
 * Narrows a list, in descending order of ids and limited, to the accounts of `scope`. Of several accounts each is
 * read by itself, so that each walks its index and reads no more than the page.
 */
export function within<T extends ObjectLiteral>(
  scope: AccountScope,
  list: SelectQueryBuilder<T>,
): SelectQueryBuilder<T> {
  const column = `${list.alias}.account_id`;
  if (scope === 'all') return list.andWhere(ofLivingAccount(column));
  if (scope.length === 1) return list.andWhere(`${column} = :account`, { account: scope[0]!.accountId });
  const newest = list.clone().select(`${list.alias}.id`, 'id').andWhere(`${column} = mine.account`);
  return list
    .clone()
    .where(
      `${list.alias}.id IN (SELECT newest.id FROM unnest(CAST(:accounts AS uuid[])) AS mine (account)
       CROSS JOIN LATERAL (${newest.getQuery()}) newest)`,
    )
    .setParameter(
      'accounts',
      scope.map(({ accountId }) => accountId),
    );
}
