import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { isUUID } from 'class-validator';
import { DataSource } from 'typeorm';
import { Problem, forbidden, notFound } from '../common/errors/problem.js';
import type { Role } from '../users/user.entity.js';
import type { AccountAccess, AuthenticatedRequest, Caller } from './current-user.js';
import { OPERATION } from './operation.js';
import { type AccessLevel, type OperationId, policy } from './policy.js';

/** Lets a request through when the policy's row for its operation allows the caller. Guards every controller. */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly dataSource: DataSource,
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
    if (level === 'user') return true;
    if (request.params.accountId !== undefined || level !== 'admin')
      request.access = await this.accessTo(request, level);
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

  private async accessTo(request: AuthenticatedRequest, level: AccessLevel): Promise<AccountAccess> {
    const access = await this.findAccess(request.user, request.params.accountId ?? '');
    // An account the caller is no member of must look exactly like one that does not exist.
    if (!access) throw notFound('account');
    if (level === 'accountAdmin' && access.role !== 'Admin')
      throw forbidden('Only Admins of this account may do this.');
    return access;
  }

  private async findAccess(caller: Caller, accountId: string): Promise<AccountAccess | null> {
    if (!isUUID(accountId)) return null;
    const [row]: { role_name: Role | null }[] = await this.dataSource.query(
      `SELECT m.role_name FROM accounts a LEFT JOIN members m ON m.account_id = a.id AND m.user_id = $2
       WHERE a.id = $1 AND a.deleted_at IS NULL`,
      [accountId, caller.id],
    );
    if (!row) return null;
    const role = caller.role === 'Admin' ? 'Admin' : row.role_name;
    return role ? { accountId, role } : null;
  }
}
