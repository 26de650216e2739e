import { Injectable } from '@nestjs/common';
import { hash } from 'node:crypto';
import { DirectoryCache, type MaybeLater } from '../cache/directory-cache.js';
import { AcceptPool } from '../database/pools.js';

/** What accepting an event needs to know of its account. */
export interface AcceptingAccount {
  accountId: string;
  name: string;
  rateLimitPerSecond: number;
  requireEventId: boolean;
  /** When the token that was sent stops working, in ms; null for the current one. */
  tokenExpiresAtMs: number | null;
}

/** Finds accounts by the token of their producers, from memory where it can. */
@Injectable()
export class AccountDirectory {
  constructor(
    private readonly pool: AcceptPool,
    private readonly cache: DirectoryCache,
  ) {}

  /** Null for a token that is unknown, revoked, past its grace or of a deleted account. */
  findByToken(token: string): MaybeLater<AcceptingAccount | null> {
    const digest = hash('sha256', token, 'base64');
    const account = this.cache.get(`token:${digest}`, () => this.load(Buffer.from(digest, 'base64')));
    return account instanceof Promise ? account.then(unlessExpired) : unlessExpired(account);
  }

  private async load(digest: Buffer): Promise<AcceptingAccount | null> {
    const { rows } = await this.pool.query(
      `SELECT a.id, a.account_name, a.rate_limit_per_second, a.require_event_id, t.expires_at
       FROM account_tokens t JOIN accounts a ON a.id = t.account_id
       WHERE t.token_sha256 = $1 AND a.deleted_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())`,
      [digest],
    );
    const row = rows[0];
    if (!row) return null;
    return {
      accountId: row.id,
      name: row.account_name,
      rateLimitPerSecond: row.rate_limit_per_second,
      requireEventId: row.require_event_id,
      tokenExpiresAtMs: row.expires_at === null ? null : (row.expires_at as Date).getTime(),
    };
  }
}

function unlessExpired(account: AcceptingAccount | null): AcceptingAccount | null {
  return account?.tokenExpiresAtMs && account.tokenExpiresAtMs <= Date.now() ? null : account;
}
