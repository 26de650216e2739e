import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AccountDirectory, type AcceptingAccount } from '../accounts/account-directory.js';
import type { MaybeLater } from '../cache/directory-cache.js';
import { Problem } from '../common/errors/problem.js';

export const TOKEN_HEADER = 'cl-x-token';
const MAX_TOKEN_LENGTH = 200;

export type IngestRequest = FastifyRequest & { account: AcceptingAccount };

/** Finds the account of the request by its CL-X-TOKEN; everything that is wrong with a token is the same 401. */
@Injectable()
export class AccountTokenGuard implements CanActivate {
  constructor(private readonly accounts: AccountDirectory) {}

  canActivate(context: ExecutionContext): MaybeLater<boolean> {
    const request = context.switchToHttp().getRequest<IngestRequest>();
    const token = request.headers[TOKEN_HEADER];
    // Node joins repeated headers with ", ", which no token contains: they are unknown as well.
    const isPlausible = typeof token === 'string' && token !== '' && token.length <= MAX_TOKEN_LENGTH;
    const account = isPlausible ? this.accounts.findByToken(token) : null;
    return account instanceof Promise
      ? account.then((found) => letIn(request, found))
      : letIn(request, account);
  }
}

function letIn(request: IngestRequest, account: AcceptingAccount | null): true {
  if (!account)
    throw new Problem(
      'unauthenticated',
      'Send the secret token of an account in the header CL-X-TOKEN, once.',
    );
  request.account = account;
  return true;
}
