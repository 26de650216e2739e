import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
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
      const restsUntil = performance.now() + Math.max(REST_MS, performance.now() - startedAt);
      if (!isMore && !signal.aborted) await rest(EVERY_MS, this.pause.signal);
      await rest(restsUntil - performance.now(), signal);
    }
  }

  /** @returns whether there is more. */
  private async tryPass(): Promise<boolean> {
    const problems: unknown[] = [];
    const isMore = await this.pass(problems).catch((error) => {
      problems.push(error);
      return false;
    });
    this.report(problems[0]);
    return isMore;
  }

  /** A batch of each, so that a large backlog keeps no other one waiting, nor does one that cannot be settled now. */
  private async pass(problems: unknown[]): Promise<boolean> {
    const { rows } = await this.pool.query<Marked>(FIND_MARKED);
    if (rows.length === 0) return false;
    const some = await withLock(this.pool, SETTLING_LOCK_KEY, async () => {
      let isMore = false;
      for (const marked of rows) {
        this.stopping.signal.throwIfAborted();
        const count = await this.settle(marked).catch((error) => void problems.push(error));
        if (count === BATCH) isMore = true;
      }
      return isMore;
    });
    // Whoever is at it may have looked before the change that woke this one.
    return some ?? true;
  }

  /** On a connection of its own, so that what breaks it breaks nothing else. @returns how many deliveries followed. */
  private async settle({ id, table, settled, over }: Marked): Promise<number> {
    const { rows } = await this.pool.query<{ count: number }>(settle[settled], [id, BATCH]);
    const { count } = rows[0]!;
    if (count > 0) this.logger.info({ id, settled, deliveries: count }, 'deliveries.settled');
    else if (over) await this.pool.query(unmark(table, settled), [id]);
    return count;
  }

  /** Says once that it cannot work, not every time. */
  private report(problem: unknown): void {
    if (problem && !this.isFailing && !this.stopping.signal.aborted)
      this.logger.error({ err: problem }, 'settling.failed');
    this.isFailing = problem !== undefined;
  }
}

const rest = async (ms: number, signal: AbortSignal): Promise<void> => {
  if (ms > 0) await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
};
