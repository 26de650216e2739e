import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { PoolClient } from 'pg';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { firstIdOf } from '../database/partitions.js';
import { DeliveryPool, nowOf, withLock } from '../database/pools.js';
import {
  type Block,
  type MadeBlock,
  completeBlocks,
  findMadeSince,
  findWaiting,
  writeBlocks,
} from './block-writer.js';

const EVERY_MS = 10_000;
/** Rests three times as long as it worked: delivering has three quarters of the time. */
const REST = 3;
/** An event is committed this long after it was dated, or its block is completed later. */
const SETTLED_MS = 5000;
const COMPLETE_AFTER_MS = 60_000;
const COMPLETE_AT_ONCE = 500;
/** What a process that ended may have left to be completed was made no longer ago. */
const LOOK_BACK_MS = 15 * 60_000;
/** "DPSB" in ASCII; of all processes one at a time makes blocks. */
const LOCK_KEY = 0x44505342;

/** How many events were ever stored, so that nobody looks for new ones where there are none. */
const STORED = `
  SELECT coalesce(sum(pg_stat_get_tuples_inserted(inhrelid)), 0)::float8 AS stored
  FROM pg_inherits WHERE inhparent = 'events'::regclass`;

/** Makes search blocks behind the events, so that accepting one costs nothing more. */
@Injectable()
export class SearchKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private lastStored = -1;
  private recent: { block: MadeBlock; at: number }[] = [];
  private hasLookedBack = false;

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
      await this.keepOnce().catch((error) => {
        if (!signal.aborted) this.logger.error({ err: error }, 'search.failed');
      });
      await sleep(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private async keepOnce(): Promise<void> {
    const { rows } = await this.pool.query(STORED);
    if (rows[0].stored === this.lastStored && this.recent.length === 0) return;
    if ((await this.apply()) !== null) this.lastStored = rows[0].stored;
  }

  /**
   * Brings the blocks up to the events of some seconds ago.
   * @param nowMs the database's clock unless told otherwise.
   * @returns how many blocks were made; null when another process is at it.
   */
  async apply(nowMs?: number): Promise<number | null> {
    return withLock(this.pool, LOCK_KEY, async (client) => {
      const now = await nowOf(client);
      await this.lookBack(client, now);
      const made = await this.applyLocked(client, nowMs ?? now);
      await this.complete(client);
      return made;
    });
  }

  private async applyLocked(client: PoolClient, nowMs: number): Promise<number> {
    const { signal } = this.stopping;
    const before = firstIdOf(Math.floor(nowMs - SETTLED_MS));
    let made = 0;
    let waiting = await findWaiting(client, before);
    // A few blocks for each account in turn, so that one with a backlog keeps no other waiting.
    while (waiting.length > 0) {
      const unfinished: typeof waiting = [];
      for (const { accountId, afterId } of waiting) {
        const startedAt = performance.now();
        const blocks = await writeBlocks(client, accountId, afterId, before);
        made += blocks.length;
        // Without their filters, which are nearly all of their size.
        this.recent.push(...blocks.map((block) => ({ block: withoutFilter(block), at: startedAt })));
        if (blocks.length > 0) unfinished.push({ accountId, afterId: blocks.at(-1)!.id });
        await sleep((performance.now() - startedAt) * REST, undefined, { signal });
      }
      waiting = unfinished;
      await this.complete(client);
    }
    if (made > 0) this.logger.debug({ blocks: made }, 'search.indexed');
    return made;
  }

  /** Looks once more at blocks that were made a while ago. */
  private async complete(client: PoolClient): Promise<void> {
    const due = performance.now() - COMPLETE_AFTER_MS;
    let completed = 0;
    // The oldest stand first.
    for (;;) {
      const old = this.recent.slice(0, COMPLETE_AT_ONCE).filter(({ at }) => at < due);
      if (old.length === 0) break;
      completed += await completeBlocks(
        client,
        old.map(({ block }) => block),
      );
      this.recent.splice(0, old.length);
    }
    if (completed > 0) this.logger.info({ blocks: completed }, 'search.completed');
  }

  /** Once: what another process made a while ago and may have had no time to complete. */
  private async lookBack(client: PoolClient, nowMs: number): Promise<void> {
    if (this.hasLookedBack) return;
    const blocks = await findMadeSince(client, firstIdOf(Math.floor(nowMs - LOOK_BACK_MS)));
    const at = performance.now();
    this.recent.unshift(...blocks.map((block) => ({ block, at })));
    this.hasLookedBack = true;
  }
}

const withoutFilter = ({ accountId, id, afterId, events }: Block): MadeBlock => ({
  accountId,
  id,
  afterId,
  events,
});
