import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AddressPolicy } from '../common/egress/address-policy.js';
import { checkDestinationUrl } from '../common/egress/destination-url.js';
import { Problem, notFound } from '../common/errors/problem.js';
import { invalidFields } from '../common/http/validation.js';
import { AppConfig } from '../config/app-config.js';
import { type HeaderMap, resolveHeaders } from './destination-headers.js';
import type { UpdateDestinationDto } from './destinations.dto.js';

const LOCK_ACCOUNT = 'SELECT FROM accounts WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE';

const IS_FULL = `
  SELECT count(*) >= $2 AS full FROM (
    SELECT FROM destinations WHERE account_id = $1 AND deleted_at IS NULL LIMIT $2) first`;

/** What is asked of a destination before it is stored, beyond the form of its fields. */
@Injectable()
export class DestinationChecks {
  constructor(
    private readonly addresses: AddressPolicy,
    private readonly config: AppConfig,
  ) {}

  /**
   * The headers to store when some were sent.
   * @throws Problem 400
   */
  check(body: UpdateDestinationDto, stored: HeaderMap): HeaderMap | null {
    const urlProblem = body.url === undefined ? null : checkDestinationUrl(body.url, this.addresses);
    const resolved = body.headers === undefined ? null : resolveHeaders(body.headers, stored);
    const errors = [
      ...(urlProblem ? [{ field: 'url', message: urlProblem }] : []),
      ...(resolved?.errors ?? []),
    ];
    if (errors.length > 0) throw invalidFields(errors);
    return resolved?.headers ?? null;
  }

  /**
   * Holds the row of the account, so that those who add to it at once are counted one after the other.
   * @throws Problem 404 when it was deleted meanwhile, 409 too_many_destinations
   */
  async checkRoom(accountId: string, manager: EntityManager): Promise<void> {
    const limit = this.config.env.MAX_DESTINATIONS_PER_ACCOUNT;
    const accounts: unknown[] = await manager.query(LOCK_ACCOUNT, [accountId]);
    if (accounts.length === 0) throw notFound('account');
    const [{ full }]: [{ full: boolean }] = await manager.query(IS_FULL, [accountId, limit]);
    if (full)
      throw new Problem(
        'too_many_destinations',
        `An account may have ${limit} destinations (MAX_DESTINATIONS_PER_ACCOUNT). Delete one that is not needed.`,
      );
  }
}
