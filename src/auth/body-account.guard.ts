import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { AccountAccessFinder } from './account-access.js';
import type { AuthenticatedRequest } from './current-user.js';
import { OPERATION } from './operation-key.js';
import type { OperationId } from './policy.js';

/** Lets a request through when the caller may do this in the account its body names. Runs last, with the body read. */
@Injectable()
export class BodyAccountGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly modules: ModuleRef,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const operation = this.reflector.get<OperationId>(OPERATION, context.getHandler());
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    // It guards controllers of modules that know nothing of this one.
    await this.modules.get(AccountAccessFinder, { strict: false }).admit(request, operation);
    return true;
  }
}
