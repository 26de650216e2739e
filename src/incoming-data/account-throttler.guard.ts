import { type ExecutionContext, Injectable } from '@nestjs/common';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  type ThrottlerModuleOptions,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import type { IngestRequest } from './account-token.guard.js';
import { ProducerChecks } from './producer-checks.js';

/** Counts the request against the limit of its account. */
@Injectable()
export class AccountThrottlerGuard extends ThrottlerGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly checks: ProducerChecks,
  ) {
    super(options, storage, reflector);
  }

  /** The guard of the library resolves a dozen options per request; this route has exactly one limit. */
  override async canActivate(context: ExecutionContext): Promise<true> {
    const http = context.switchToHttp();
    const headers = await this.checks.count(http.getRequest<IngestRequest>().account);
    void http.getResponse<FastifyReply>().headers(headers);
    return true;
  }
}
