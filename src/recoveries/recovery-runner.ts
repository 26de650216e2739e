import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { LOGGER } from '../common/logger.js';
import { ChangeFeed } from '../database/change-feed.js';
import { DeliveryPool } from '../database/pools.js';
import { ReplayHints } from '../replays/replay-hints.js';
import { PAGE_EVERY_MS } from './pace.js';
import type { Walk } from './page-rows.js';
import { makePage, takeWalk } from './recovery-page.js';

/** A start is announced; this is for one that was not heard. */
const LOOK_EVERY_MS = 30_000;
const FAILED_WAIT_SECONDS = 5;

const COMPLETE = `
  UPDATE recoveries r SET state = 'completed', ended_at = now(), updated_at = now()
  WHERE state = 'running'
    AND NOT EXISTS (SELECT FROM recovery_destinations WHERE recovery_id = r.id AND ended_at IS NULL)
  RETURNING id, account_id, (SELECT coalesce(sum(replayed), 0)::float8 FROM recovery_destinations
    WHERE recovery_id = r.id) AS deliveries`;

/**
 * Runs recoveries, page by page. A page, with how far it came, is one transaction that has its walk for itself: any
 * number of processes may run this and die at any moment, and no delivery is made twice or left out.
 */
@Injectable()
export class RecoveryRunner implements OnApplicationBootstrap, OnModuleDestroy {
  private stopped = false;
  private loop: Promise<void> = Promise.resolve();
  private endRest: () => void = () => undefined;
  /** Something changed since the last look began. */
  private isAwake = false;
  private isFailing = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly pool: DeliveryPool,
    private readonly hints: ReplayHints,
    private readonly changes: ChangeFeed,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.changes.onAccountChange(() => this.wake());
    this.loop = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      this.isAwake = false;
      const found = await this.step().catch((error) => this.report(error));
      if (found === 'page') continue;
      await this.rest(PAGE_EVERY_MS);
      if (found === 'nothing' && !this.isAwake) await this.rest(LOOK_EVERY_MS);
    }
  }

  private wake(): void {
    this.isAwake = true;
    this.endRest();
  }

  private async step(): Promise<'page' | 'waiting' | 'nothing'> {
    const found = (await this.isAnyRunning()) ? await this.goOn() : 'nothing';
    this.isFailing = false;
    return found === 'end' ? 'page' : found;
  }

  private async goOn(): Promise<'page' | 'end' | 'waiting' | 'nothing'> {
    const found = await this.makeNext();
    if (found === 'nothing' || found === 'end') await this.complete();
    return found;
  }

  /** Mostly none is: one statement on a connection that is open anyway tells. */
  private async isAnyRunning(): Promise<boolean> {
    const { rowCount } = await this.pool.query(`SELECT FROM recoveries WHERE state = 'running' LIMIT 1`);
    return rowCount! > 0;
  }

  private async makeNext(): Promise<'page' | 'end' | 'waiting' | 'nothing'> {
    let walk: (Walk & { is_due: boolean }) | null = null;
    try {
      const page = await this.dataSource.transaction(async (manager) => {
        walk = await takeWalk(manager);
        return walk?.is_due ? makePage(manager, walk) : null;
      });
      if (!walk) return 'nothing';
      if (!page) return 'waiting';
      this.tell(walk, page.due);
      return page.hasEnded ? 'end' : 'page';
    } catch (error) {
      if (walk) await this.putOff(walk);
      throw error;
    }
  }

  private tell({ account_id: id, account_name: name }: Walk, due: string[]): void {
    this.hints.send({ id, name }, due.length, due);
  }

  /** One that fails must not keep the others waiting. */
  private async putOff({ recovery_id: recovery, destination_id: destination }: Walk): Promise<void> {
    await this.dataSource
      .query(
        `UPDATE recovery_destinations SET next_page_at = now() + make_interval(secs => $3)
         WHERE recovery_id = $1 AND destination_id = $2`,
        [recovery, destination, FAILED_WAIT_SECONDS],
      )
      .catch(() => undefined);
  }

  private async complete(): Promise<void> {
    const [rows]: [{ id: string; account_id: string; deliveries: number }[]] =
      await this.dataSource.query(COMPLETE);
    for (const { id, account_id, deliveries } of rows)
      this.logger.info({ recovery: id, account_id, deliveries }, 'recovery.completed');
  }

  /** Once per state change: a database that is away for an hour is one line. */
  private report(error: unknown): 'waiting' {
    if (!this.isFailing && !this.stopped) this.logger.error({ err: error }, 'recovery.failed');
    this.isFailing = true;
    return 'waiting';
  }

  private rest(ms: number): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endRest = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
