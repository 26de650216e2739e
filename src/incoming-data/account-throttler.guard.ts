import { type ExecutionContext, Injectable } from '@nestjs/common';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  type ThrottlerModuleOptions,
} from '@nestjs/throttler';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { Problem } from '../common/errors/problem.js';
import type { IngestRequest } from './account-token.guard.js';
import { AccountThrottlerStorage } from './throttle/account-throttler.storage.js';
import { rateLimitHeaders } from './throttle/rate-limit-headers.js';

const WINDOW_MS = 1000;

/** Never more than the account's limit in any one-second window. Keyed by account, so all its tokens share it. */
@Injectable()
export class AccountThrottlerGuard extends ThrottlerGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() private readonly windows: AccountThrottlerStorage,
    reflector: Reflector,
  ) {
    super(options, windows, reflector);
  }

  /** The guard of the library resolves a dozen options per request; this route has exactly one limit. */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const { accountId, rateLimitPerSecond } = http.getRequest<IngestRequest>().account;
    const hit = this.windows.hit(accountId, rateLimitPerSecond, WINDOW_MS);
    const result = hit instanceof Promise ? await hit : hit;
    const headers = rateLimitHeaders(result, WINDOW_MS);
    if (result.allowed) {
      void http.getResponse<FastifyReply>().headers(headers);
      return true;
    }
    throw new Problem(
      'rate_limited',
      `This account may send ${rateLimitPerSecond} requests per second. Wait as long as Retry-After says.`,
      { headers },
    );
  }
}
