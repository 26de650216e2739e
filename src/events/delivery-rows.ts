import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** Which deliveries: all of a destination or all of an account. */
export type DeliveryScope = { destinationId: string } | { accountId: string };

/** Far longer than any process takes to hear of a change. */
const STRANDED_FOR = '10 minutes';

/** Moves the deliveries of `chosen` to the log; $2 is the reason. */
const cancelling = (chosen: string, at: string) => `
  WITH chosen AS (${chosen}),
  gone AS (DELETE FROM deliveries WHERE id IN (SELECT id FROM chosen) RETURNING *),
  logged AS (INSERT INTO finished_deliveries (id, event, account_id, destination_id, event_id, event_type, status,
    attempts, last_status_code, last_error, origin, received_at, processed_at)
  SELECT id, event, account_id, destination_id, event_id, event_type, 'cancelled',
    attempts, last_status_code, $2, origin, received_at, ${at} FROM gone
  RETURNING id)
  SELECT count(*)::integer AS count FROM logged`;

/** What management may do to deliveries that are still to do. Workers see it at their next claim. */
@Injectable()
export class DeliveryRows {
  constructor(private readonly dataSource: DataSource) {}

  /** Ends every open delivery of `scope` as cancelled. A request that is under way is not recalled. */
  async cancel(scope: DeliveryScope, reason: string, manager: EntityManager = this.dataSource.manager) {
    const [column, id] =
      'destinationId' in scope ? ['destination_id', scope.destinationId] : ['account_id', scope.accountId];
    await manager.query(
      cancelling(`SELECT id FROM deliveries WHERE ${column} = $1 ORDER BY id FOR UPDATE`, 'now()'),
      [id, reason],
    );
  }

  /**
   * Ends up to `limit` open deliveries of events before `event`, as of `nowMs`.
   * @returns how many there were.
   */
  async cancelExpired(event: string, reason: string, nowMs: number, limit: number): Promise<number> {
    const [{ count }]: [{ count: number }] = await this.dataSource.query(
      cancelling(
        'SELECT id FROM deliveries WHERE event < $1 ORDER BY id LIMIT $4 FOR UPDATE',
        'to_timestamp($3)',
      ),
      [event, reason, nowMs / 1000, limit],
    );
    return count;
  }

  /** Holds what waits for a destination that is paused or disabled; nothing is due until it is released. */
  async hold(destinationId: string, manager: EntityManager = this.dataSource.manager): Promise<void> {
    await manager.query(
      `UPDATE deliveries SET status = 'held', due_at = 'infinity'
       WHERE id IN (SELECT id FROM deliveries
         WHERE destination_id = $1 AND status <> 'held' AND (lease_token IS NULL OR lease_until < now())
         ORDER BY id FOR UPDATE)`,
      [destinationId],
    );
  }

  /** Makes what was held due at once. */
  async release(destinationId: string, manager: EntityManager = this.dataSource.manager): Promise<void> {
    await manager.query(
      `UPDATE deliveries SET due_at = now(), status = CASE WHEN attempts > 0 THEN 'retrying' ELSE 'pending' END
       WHERE id IN (SELECT id FROM deliveries
         WHERE destination_id = $1 AND status = 'held' ORDER BY id FOR UPDATE)`,
      [destinationId],
    );
  }

  /**
   * Releases what was held by a process that had not heard yet that its destination is active again, or gone.
   * @returns how many there were.
   */
  async releaseStranded(): Promise<number> {
    const [, released]: [unknown[], number] = await this.dataSource.query(
      `UPDATE deliveries SET due_at = now(), status = CASE WHEN attempts > 0 THEN 'retrying' ELSE 'pending' END
       WHERE status = 'held' AND due_at = 'infinity' AND destination_id IN (
         SELECT d.id FROM destinations d JOIN accounts a ON a.id = d.account_id
         WHERE (d.updated_at > now() - $1::interval AND (d.state = 'active' OR d.deleted_at IS NOT NULL))
            OR a.deleted_at > now() - $1::interval)`,
      [STRANDED_FOR],
    );
    return released;
  }
}
