import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { type Via, withOrigin } from '../audit/audit-origin.js';
import type { Caller } from './current-user.js';

/** What a bearer that is an API key begins with. */
const API_KEY = /^Bearer dp_/i;

/** Remembers who asks for what while an operation runs, for the audit log. */
export class OriginInterceptor implements NestInterceptor {
  constructor(private readonly action: string) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: Caller }>();
    const { user, id, ip } = request;
    const actor = user ? { id: user.id, email: user.email } : null;
    const origin = { action: this.action, via: viaOf(request), actor, requestId: id, ip };
    return withOrigin(origin, () => next.handle());
  }
}

function viaOf({ user, headers }: FastifyRequest & { user?: Caller }): Via {
  if (!user) return 'public';
  return API_KEY.test(headers.authorization ?? '') ? 'api_key' : 'session';
}
