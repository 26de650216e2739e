import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { type Origin, withOrigin } from '../audit/audit-origin.js';
import type { Caller } from './current-user.js';

/** Remembers who asks for what while an operation runs, for the audit log. */
export class OriginInterceptor implements NestInterceptor {
  constructor(private readonly action: string) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: Caller }>();
    const { user, id, ip } = request;
    const actor = user ? { id: user.id, email: user.email } : null;
    const apiKeyId = user?.apiKeyId ?? null;
    const via = apiKeyId ? 'api_key' : user ? 'session' : 'public';
    const origin: Origin = { action: this.action, via, actor, apiKeyId, requestId: id, ip };
    return withOrigin(origin, () => next.handle());
  }
}
