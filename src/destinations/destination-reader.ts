import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Audit } from '../audit/audit.service.js';
import { AcceptPool, ResultPool } from '../database/pools.js';
import { DeliveryRows } from '../events/delivery-rows.js';
import type { HeaderMap } from './destination-headers.js';
import { DestinationSecrets } from './destination-secrets.js';
import type { DestinationState, HttpMethod } from './destination.entity.js';

/** What accepting an event needs to know of a destination. */
export interface RoutedDestination {
  id: string;
  /** For compileFilter. */
  eventTypes: string[];
  state: DestinationState;
}

/** What sending to a destination needs, secrets opened. */
export interface DeliverableDestination {
  id: string;
  accountId: string;
  accountName: string;
  url: string;
  httpMethod: HttpMethod;
  headers: HeaderMap;
  /** The current one first, then the one before while its grace lasts. */
  signingSecrets: string[];
  /** When the second signing secret ends; null when there is only one. */
  previousSecretExpiresAt: Date | null;
  state: DestinationState;
  maxInFlight: number;
  rateLimitPerSecond: number | null;
  /** Counts edits. */
  version: number;
  /** Null takes the server's DELIVERY_TIMEOUT_MS. */
  timeoutMs: number | null;
  /** Also true when its account is deleted. */
  deleted: boolean;
}

type DeliverableRow = Omit<DeliverableDestination, 'headers' | 'signingSecrets'> & {
  headersSealed: string;
  secretSealed: string;
  previousSealed: string | null;
};

const FOR_DELIVERY = `
  SELECT d.id, d.account_id AS "accountId", a.account_name AS "accountName", d.url, d.http_method AS "httpMethod", d.state, d.version,
    d.headers_sealed AS "headersSealed", d.signing_secret_sealed AS "secretSealed",
    CASE WHEN d.previous_secret_expires_at > now() THEN d.previous_secret_sealed END AS "previousSealed",
    CASE WHEN d.previous_secret_expires_at > now() THEN d.previous_secret_expires_at END AS "previousSecretExpiresAt",
    d.max_in_flight AS "maxInFlight", d.rate_limit_per_second AS "rateLimitPerSecond", d.timeout_ms AS "timeoutMs",
    d.deleted_at IS NOT NULL OR a.deleted_at IS NOT NULL AS deleted
  FROM destinations d JOIN accounts a ON a.id = d.account_id
  WHERE d.id = ANY($1::uuid[])`;

/** Destinations as the accepting and the delivering half need them, for their caches. */
@Injectable()
export class DestinationReader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly acceptPool: AcceptPool,
    private readonly resultPool: ResultPool,
    private readonly secrets: DestinationSecrets,
    private readonly deliveries: DeliveryRows,
    private readonly audit: Audit,
  ) {}

  /** Every destination of the account that is not deleted, whatever its state: events for those on hold wait. */
  async activeOf(accountId: string): Promise<RoutedDestination[]> {
    const { rows } = await this.acceptPool.query<RoutedDestination>(
      `SELECT id, event_types AS "eventTypes", state FROM destinations
       WHERE account_id = $1 AND deleted_at IS NULL ORDER BY id`,
      [accountId],
    );
    return rows;
  }

  /** By id; ids that never existed are absent, deleted ones are marked. Secrets that do not open are an error of their own row. */
  async forDelivery(ids: string[]): Promise<Map<string, DeliverableDestination | Error>> {
    if (ids.length === 0) return new Map();
    const { rows } = await this.resultPool.query<DeliverableRow>(FOR_DELIVERY, [ids]);
    return new Map(rows.map((row) => [row.id, this.open(row)]));
  }

  /** Stops sending for a reason the destination gave, such as 410; returns false when it was not active. */
  async disable(id: string, reason: string): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const [changed]: [{ account_id: string }[]] = await manager.query(
        `UPDATE destinations SET state = 'disabled', disabled_reason = $2, version = version + 1,
           updated_by = NULL, updated_at = now()
         WHERE id = $1 AND state = 'active' AND deleted_at IS NULL RETURNING account_id`,
        [id, reason],
      );
      if (!changed[0]) return false;
      await this.deliveries.settleDestination(id, manager);
      await this.audit.record(manager, {
        action: 'disableDestination',
        target: { type: 'destination', id },
        accountId: changed[0].account_id,
        before: { state: 'active', disabled_reason: null },
        after: { state: 'disabled', disabled_reason: reason },
      });
      return true;
    });
  }

  private open({
    headersSealed,
    secretSealed,
    previousSealed,
    ...row
  }: DeliverableRow): DeliverableDestination | Error {
    const sealed = previousSealed === null ? [secretSealed] : [secretSealed, previousSealed];
    try {
      return {
        ...row,
        headers: this.secrets.openHeaders(row.id, headersSealed),
        signingSecrets: sealed.map((secret) => this.secrets.openSigningSecret(row.id, secret)),
      };
    } catch (cause) {
      return new Error(`the secrets of destination ${row.id} cannot be opened`, { cause });
    }
  }
}
