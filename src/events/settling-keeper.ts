import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { PoolClient } from 'pg';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { ChangeFeed } from '../database/change-feed.js';
import { DeliveryPool, withLock } from '../database/pools.js';
import { BATCH, FIND_MARKED, type Settled, settle, unmark } from './settling.js';

/** For what was added by a process that had not heard of a change; the change itself wakes the keeper. */
const EVERY_MS = 10_000;
/** However many changes there are. */
const REST_MS = 200;
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
  /** Aborted when something changed. */
  private pause = new AbortController();

  constructor(
    private readonly pool: DeliveryPool,
    private readonly changes: ChangeFeed,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.changes.onAccountChange(() => this.pause.abort());
    this.running = this.keep();
  }

  /** Before anything else ends: a pass needs the database. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    this.pause.abort();
    await this.running;
  }

  private async keep(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.pause = new AbortController();
      const startedAt = performance.now();
      const isMore = await this.tryPass();
      // Where there is more it rests as long as it worked.
      await rest(Math.max(REST_MS, performance.now() - startedAt), signal);
      if (!isMore && !signal.aborted) await rest(EVERY_MS, this.pause.signal);
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

const rest = (ms: number, signal: AbortSignal): Promise<unknown> =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
