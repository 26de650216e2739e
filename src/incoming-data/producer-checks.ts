import { Injectable } from '@nestjs/common';
import { InjectThrottlerStorage } from '@nestjs/throttler';
import { AccountDirectory, type AcceptingAccount } from '../accounts/account-directory.js';
import type { MaybeLater } from '../cache/directory-cache.js';
import { Problem } from '../common/errors/problem.js';
import { AccountThrottlerStorage } from './throttle/account-throttler.storage.js';
import { rateLimitHeaders } from './throttle/rate-limit-headers.js';
import type { WindowResult } from './throttle/sliding-window.js';

export const TOKEN_HEADER = 'cl-x-token';
const MAX_TOKEN_LENGTH = 200;
const WINDOW_MS = 1000;

/** What is checked of who sends before anything is read of what is sent. */
@Injectable()
export class ProducerChecks {
  constructor(
    private readonly accounts: AccountDirectory,
    @InjectThrottlerStorage() private readonly windows: AccountThrottlerStorage,
  ) {}

  /**
   * The account of a CL-X-TOKEN; everything that is wrong with a token is the same 401.
   * @throws Problem
   */
  accountOf(token: string | string[] | undefined): MaybeLater<AcceptingAccount> {
    // Node joins repeated headers with ", ", which no token contains: they are unknown as well.
    const isPlausible = typeof token === 'string' && token !== '' && token.length <= MAX_TOKEN_LENGTH;
    const account = isPlausible ? this.accounts.findByToken(token) : null;
    return account instanceof Promise ? account.then(known) : known(account);
  }

  /**
   * Never more than the account's limit in any one-second window. Keyed by account, so all its tokens share it.
   * @returns the headers that tell of the limit
   * @throws Problem with the same headers
   */
  count(account: AcceptingAccount): MaybeLater<Record<string, string>> {
    const hit = this.windows.hit(account.accountId, account.rateLimitPerSecond, WINDOW_MS);
    return hit instanceof Promise ? hit.then(withinLimit) : withinLimit(hit);
  }
}

function known(account: AcceptingAccount | null): AcceptingAccount {
  if (account) return account;
  throw new Problem('unauthenticated', 'Send the secret token of an account in the header CL-X-TOKEN, once.');
}

function withinLimit(result: WindowResult): Record<string, string> {
  const headers = rateLimitHeaders(result, WINDOW_MS);
  if (result.allowed) return headers;
  throw new Problem(
    'rate_limited',
    `This account may send ${result.limit} requests per second. Wait as long as Retry-After says.`,
    { headers },
  );
}
