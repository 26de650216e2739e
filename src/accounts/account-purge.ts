import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { PoolClient } from 'pg';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { deleteBatches } from '../database/delete-batches.js';
import { isUnavailable } from '../database/pg-errors.js';
import { DeliveryPool, withClient, withLock } from '../database/pools.js';
import { type PurgedRows, purgeEvents } from '../events/purge-events.js';
import { Metrics } from '../metrics/metrics.js';
import { purgeSearch } from '../search/purge-search.js';

const EVERY_MS = 600_000;
/** Far longer than any process takes to hear that an account is deleted and to end what it has under way for it. */
const GRACE_MINUTES = 10;
/** "DPAP" in ASCII; of all processes one at a time purges. */
const LOCK_KEY = 0x44504150;

const BATCH = 2000;
const REMOVE_MANUAL_ENTRIES = `
  DELETE FROM manual_log_entries WHERE id IN (
    SELECT id FROM manual_log_entries WHERE account_id = $1 ORDER BY id LIMIT ${BATCH})`;
/** Members, invitations, tokens, destinations and recoveries go with the account's own row. */
const REMOVE_ACCOUNT = 'DELETE FROM accounts WHERE id = $1 AND deleted_at IS NOT NULL';

/** Removes the data of deleted accounts, at start and every ten minutes. The audit log is not theirs and stays. */
@Injectable()
export class AccountPurge implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();
  private readonly accounts = this.metrics.counter(
    'purged_accounts_total',
    'Deleted accounts whose data is gone.',
  );
  private readonly rows = this.metrics.counter(
    'purged_rows_total',
    'Rows of deleted accounts removed.',
    'of',
  );

  constructor(
    private readonly pool: DeliveryPool,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.start();
    this.timer = setInterval(() => this.start(), EVERY_MS);
    this.timer.unref();
  }

  /** Before anything else ends: a run needs the database. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.running;
  }

  private start(): void {
    this.running = this.running
      .then(() => this.apply())
      .then(
        () => undefined,
        (error) => this.report(error),
      );
  }

  /** What is left is done by the next run; somebody who keeps a table for long is no fault of anybody. */
  private report(error: unknown): void {
    if (this.stopping.signal.aborted) return;
    this.logger[isUnavailable(error) ? 'warn' : 'error']({ err: error }, 'account.purge_broken_off');
  }

  /**
   * Purges every account that was deleted long enough ago.
   * @returns how many; null when another process is at it.
   */
  async apply(graceMinutes = GRACE_MINUTES): Promise<number | null> {
    return withLock(this.pool, LOCK_KEY, async (client) => {
      const due = await client.query<{ id: string }>(
        `SELECT id FROM accounts WHERE deleted_at <= now() - make_interval(mins => $1) ORDER BY deleted_at`,
        [graceMinutes],
      );
      let purged = 0;
      for (const { id } of due.rows) if (await this.tryPurge(id)) purged++;
      return purged;
    });
  }

  /** On a connection of its own, so that an account that cannot be purged now keeps no other one waiting. */
  private async tryPurge(accountId: string): Promise<boolean> {
    try {
      await withClient(this.pool, (client) => this.purge(client, accountId));
      return true;
    } catch (error) {
      this.stopping.signal.throwIfAborted();
      this.report(error);
      return false;
    }
  }

  private async purge(client: PoolClient, accountId: string): Promise<void> {
    const startedAt = performance.now();
    const total: PurgedRows = { events: 0, keys: 0, deliveries: 0, attempts: 0 };
    await purgeEvents(client, accountId, this.stopping.signal, (rows) => {
      for (const table of Object.keys(rows) as (keyof PurgedRows)[]) {
        total[table] += rows[table];
        this.rows.inc({ of: table }, rows[table]);
      }
    });
    await purgeSearch(client, accountId, this.stopping.signal);
    // There may be many, and the account's own row would take all of them along in one statement.
    const manual = { text: REMOVE_MANUAL_ENTRIES, values: [accountId], batch: BATCH };
    await deleteBatches(client, manual, this.stopping.signal);
    await client.query(REMOVE_ACCOUNT, [accountId]);
    this.accounts.inc();
    const duration = Math.round(performance.now() - startedAt);
    this.logger.info({ account_id: accountId, ...total, duration_ms: duration }, 'account.purged');
  }
}
