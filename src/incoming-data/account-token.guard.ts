import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { AcceptingAccount } from '../accounts/account-directory.js';
import { ProducerChecks, TOKEN_HEADER } from './producer-checks.js';

export type IngestRequest = FastifyRequest & { account: AcceptingAccount };

/** Finds the account of the request by its CL-X-TOKEN. */
@Injectable()
export class AccountTokenGuard implements CanActivate {
  constructor(private readonly checks: ProducerChecks) {}

  async canActivate(context: ExecutionContext): Promise<true> {
    const request = context.switchToHttp().getRequest<IngestRequest>();
    request.account = await this.checks.accountOf(request.headers[TOKEN_HEADER]);
    return true;
  }
}
