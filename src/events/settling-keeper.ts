import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { PoolClient } from 'pg';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { DeliveryPool, withLock } from '../database/pools.js';
import { BATCH, FIND_MARKED, type Settled, settle, unmark } from './settling.js';

/** Looking costs a statement, also in an idle product. */
const EVERY_MS = 5000;
/** "DPST" in ASCII; of all processes one at a time settles. */
export const SETTLING_LOCK_KEY = 0x44505354;

interface Marked {
  id: string;
  table: 'destinations' | 'accounts';
  settled: Settled;
  over: boolean;
}

/**
 * Open deliveries follow what became of their destination or account: those that were too many for the request that
 * changed it, and those of processes that had not heard of the change yet. A request that is under way is not recalled.
 */
@Injectable()
export class SettlingKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private isFailing = false;

  constructor(
    private readonly pool: DeliveryPool,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.keep();
  }

  /** Before anything else ends: a pass needs the database. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async keep(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const isMore = await this.tryPass();
      // Where there is more it rests as long as it worked.
      const restMs = isMore ? performance.now() - startedAt : EVERY_MS;
      await sleep(restMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Says once that it cannot work, not every time. */
  private async tryPass(): Promise<boolean> {
    try {
      const { rows } = await this.pool.query<Marked>(FIND_MARKED);
      const isMore =
        rows.length > 0 &&
        (await withLock(this.pool, SETTLING_LOCK_KEY, (client) => this.pass(client, rows)));
      this.isFailing = false;
      return isMore ?? false;
    } catch (error) {
      if (!this.isFailing && !this.stopping.signal.aborted)
        this.logger.error({ err: error }, 'settling.failed');
      this.isFailing = true;
      return false;
    }
  }

  /** A batch of each, so that a large backlog keeps no other one waiting. @returns whether there is more. */
  private async pass(client: PoolClient, marked: Marked[]): Promise<boolean> {
    let isMore = false;
    for (const { id, table, settled, over } of marked) {
      this.stopping.signal.throwIfAborted();
      const { rows } = await client.query<{ count: number }>(settle[settled], [id, BATCH]);
      const { count } = rows[0]!;
      if (count === BATCH) isMore = true;
      if (count > 0) this.logger.info({ id, settled, deliveries: count }, 'deliveries.settled');
      else if (over) await client.query(unmark(table), [id]);
    }
    return isMore;
  }
}
