import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { Problem, forbidden } from '../common/errors/problem.js';
import { AccountAccessFinder, findSubject } from './account-access.js';
import type { AccountAccess, AuthenticatedRequest } from './current-user.js';
import { OPERATION } from './operation.js';
import { type AccessLevel, type AccountPlace, type OperationId, accountPlaces, policy } from './policy.js';

/** Lets a request through when the policy's row for its operation allows the caller. Guards every controller. */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly accounts: AccountAccessFinder,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const operation = this.reflector.get<OperationId | undefined>(OPERATION, context.getHandler());
    if (!operation)
      throw new Error(`${context.getClass().name}.${context.getHandler().name} has no @Operation`);
    const level: AccessLevel = policy[operation];
    if (level === 'public') return true;
    await super.canActivate(context);
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const place = accountPlaces[operation];
    if (level === 'user' && !place) return true;
    if (place || request.params.accountId !== undefined || level !== 'admin')
      request.access = await this.accessTo(request, level, place);
    if (place === 'query')
      request.scope = request.access ? [request.access] : await this.accounts.scopeOf(request.user);
    if (level === 'admin' && request.user.role !== 'Admin') throw forbidden('Only Admins may do this.');
    return true;
  }

  /** Passport reports every failed sign-in here; they all get the same answer. */
  override handleRequest<T>(error: unknown, user: T | false): T {
    if (error) throw error as Error;
    if (user) return user;
    throw new Problem(
      'unauthenticated',
      'Sign in first: send "Authorization: Bearer <access_token>" with a token that is still valid.',
      { headers: { 'www-authenticate': 'Bearer' } },
    );
  }

  private async accessTo(
    request: AuthenticatedRequest,
    level: AccessLevel,
    place?: AccountPlace,
  ): Promise<AccountAccess | undefined> {
    const subject = findSubject(place, request);
    if (!subject) return undefined;
    const access = await this.accounts.get(request.user, subject);
    if (level === 'accountAdmin' && access.role !== 'Admin')
      throw forbidden('Only Admins of this account may do this.');
    return access;
  }
}
