import { isUUID } from 'class-validator';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Problem, forbidden, invalid, notFound } from '../common/errors/problem.js';
import type { Role } from '../users/user.entity.js';
import { type AccountScope, ofLivingAccount } from './account-scope.js';
import type { AccountAccess, AuthenticatedRequest, Caller } from './current-user.js';
import { type AccessLevel, type AccountPlace, type OperationId, accountPlaces, policy } from './policy.js';

/** What in a request says which account it is about. */
interface Subject {
  kind: 'account' | 'destination' | 'member';
  id: string;
}

/** SQL for the account of a subject whose id is $1; deleted ones still have theirs. */
const accountOf: Record<Subject['kind'], string> = {
  account: '$1',
  destination: '(SELECT account_id FROM destinations WHERE id = $1)',
  member: '(SELECT account_id FROM members WHERE id = $1)',
};

/** Finds what callers are in the accounts their requests are about. */
@Injectable()
export class AccountAccessFinder {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Writes into the request what its caller is in the account it is about, where the policy's row allows the call.
   * @throws Problem 400, 403, 404
   */
  async admit(request: AuthenticatedRequest, operation: OperationId): Promise<void> {
    const level: AccessLevel = policy[operation];
    const place = accountPlaces[operation];
    const subject = findSubject(place, request);
    if (!subject && (level === 'member' || level === 'accountAdmin')) throw notFound('account');
    request.access = subject ? await this.get(request.user, subject) : undefined;
    if (level === 'accountAdmin' && request.access?.role !== 'Admin')
      throw forbidden('Only Admins of this account may do this.');
    if (place === 'query')
      request.scope = request.access ? [request.access] : await this.scopeOf(request.user);
  }

  /** @throws Problem 404: an account the caller is no member of must look exactly like one that does not exist. */
  private async get(caller: Caller, { kind, id }: Subject): Promise<AccountAccess> {
    if (!isUUID(id)) throw notFound(kind);
    const [row]: { account_id: string; role_name: Role | null }[] = await this.dataSource.query(
      `SELECT a.id AS account_id, m.role_name
       FROM accounts a LEFT JOIN members m ON m.account_id = a.id AND m.user_id = $2
       WHERE a.id = ${accountOf[kind]} AND a.deleted_at IS NULL`,
      [id, caller.id],
    );
    const role = row && (caller.role === 'Admin' ? 'Admin' : row.role_name);
    if (!role) throw notFound(kind);
    // The id as it is stored: a path may spell it in upper case, and secrets are bound to it.
    return { accountId: row.account_id, role };
  }

  /** Every account the caller may see. */
  private async scopeOf(caller: Caller): Promise<AccountScope> {
    if (caller.role === 'Admin') return 'all';
    return this.dataSource.query(
      `SELECT account_id AS "accountId", role_name AS role FROM members
       WHERE user_id = $1 AND ${ofLivingAccount('account_id')}`,
      [caller.id],
    );
  }
}

/**
 * What the request names at `place`; null where it names no account.
 * @throws Problem 400
 */
function findSubject(place: AccountPlace | undefined, request: AuthenticatedRequest): Subject | null {
  const { params, query, body } = request;
  switch (place) {
    case 'destination':
    case 'member':
      return { kind: place, id: params[`${place}Id`] ?? '' };
    case 'query':
      return query.account_id === undefined ? null : accountNamed('account_id', query.account_id);
    case 'body':
      return accountInBody(body);
    default:
      return params.accountId === undefined ? null : { kind: 'account', id: params.accountId };
  }
}

function accountInBody(body: unknown): Subject {
  const { account, account_id: accountId } = (body ?? {}) as Record<string, unknown>;
  if (account !== undefined && accountId !== undefined && account !== accountId)
    throw invalid('account', 'must be the same as account_id');
  return account === undefined ? accountNamed('account_id', accountId) : accountNamed('account', account);
}

function accountNamed(field: string, id: unknown): Subject {
  if (typeof id !== 'string' || !isUUID(id)) throw notAnAccount(field);
  return { kind: 'account', id };
}

/**
 * The body of a change, which may name the account of its item but not another one.
 * @throws Problem 400
 */
export function keepAccount<T extends { account_id?: string; account?: string }>(
  { accountId }: AccountAccess,
  body: T,
): T {
  for (const field of ['account_id', 'account'] as const)
    if ((body[field]?.toLowerCase() ?? accountId) !== accountId)
      throw invalid(field, 'cannot be changed; it may be left out');
  return body;
}

const notAnAccount = (field: string): Problem => invalid(field, 'must be the id of an account');
