import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Problem, forbidden } from '../common/errors/problem.js';
import { AccountAccessFinder } from './account-access.js';
import { ApiKeysService, isApiKey } from './api-keys.service.js';
import { bearerOf } from './bearer.js';
import type { AuthenticatedRequest } from './current-user.js';
import { OPERATION } from './operation-key.js';
import { type AccessLevel, type OperationId, accountPlaces, policy, sessionsOnly } from './policy.js';

/** Lets a request through when the policy's row for its operation allows the caller. Guards every controller. */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly accounts: AccountAccessFinder,
    private readonly apiKeys: ApiKeysService,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const operation = this.reflector.get<OperationId | undefined>(OPERATION, context.getHandler());
    if (!operation)
      throw new Error(`${context.getClass().name}.${context.getHandler().name} has no @Operation`);
    const level: AccessLevel = policy[operation];
    if (level === 'public') return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest & FastifyRequest>();
    await this.signIn(context, request);
    if (request.user.apiKeyId && sessionsOnly.has(operation))
      throw forbidden('API keys may not do this. Sign in with e-mail and password.');
    if (accountPlaces[operation] !== 'body') await this.accounts.admit(request, operation);
    if (level === 'admin' && request.user.role !== 'Admin') throw forbidden('Only Admins may do this.');
    return true;
  }

  /** Every failed sign-in comes by here, and all get the same answer. */
  override handleRequest<T>(error: unknown, user: T | false): T {
    if (error) throw error as Error;
    if (user) return user;
    throw new Problem(
      'unauthenticated',
      'Sign in first: send "Authorization: Bearer <token>" with an access token or API key that is still valid.',
      { headers: { 'www-authenticate': 'Bearer' } },
    );
  }

  private async signIn(
    context: ExecutionContext,
    request: AuthenticatedRequest & FastifyRequest,
  ): Promise<void> {
    const bearer = bearerOf(request);
    if (bearer && isApiKey(bearer))
      request.user = this.handleRequest(null, (await this.apiKeys.findCaller(bearer)) ?? false);
    else await super.canActivate(context);
  }
}
