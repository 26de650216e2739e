import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { cancelling } from './cancelling.js';
import { BATCH, MARK_ACCOUNT, MARK_DESTINATION, type Settled, settle } from './settling.js';

/** What management may do to deliveries that are still to do. Workers see it at their next claim. */
@Injectable()
export class DeliveryRows {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Brings the open deliveries of a destination that was just changed in line with it: held, due again or cancelled.
   * Some are at once, however many there are; the rest follow behind. A request that is under way is not recalled.
   */
  async settleDestination(id: string, manager: EntityManager): Promise<void> {
    await this.settleFirst(MARK_DESTINATION, id, manager);
  }

  /** The same for an account that was just deleted: every open delivery of it is cancelled. */
  async settleAccount(id: string, manager: EntityManager): Promise<void> {
    await this.settleFirst(MARK_ACCOUNT, id, manager);
  }

  /**
   * Ends up to `limit` open deliveries of events before `event`, as of `nowMs`.
   * @returns how many there were.
   */
  async cancelExpired(event: string, reason: string, nowMs: number, limit: number): Promise<number> {
    const [{ count }]: [{ count: number }] = await this.dataSource.query(
      `WITH chosen AS (SELECT id FROM deliveries WHERE event < $1 ORDER BY id LIMIT $4 FOR UPDATE),
       ${cancelling('$2', 'to_timestamp($3)')}`,
      [event, reason, nowMs / 1000, limit],
    );
    return count;
  }

  private async settleFirst(mark: string, id: string, manager: EntityManager): Promise<void> {
    const [marked]: [{ settled: Settled }[]] = await manager.query(mark, [id]);
    if (marked[0]) await manager.query(settle[marked[0].settled], [id, BATCH]);
  }
}
