import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { PoolClient } from 'pg';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { AppConfig } from '../config/app-config.js';
import { DeliveryPool, nowOf, withLock } from '../database/pools.js';
import { DeliveryRows } from './delivery-rows.js';
import { type RetentionReport, RetentionRun } from './retention-run.js';

const EVERY_MS = 3_600_000;
const RETRY_MS = 1000;
/** "DPRT" in ASCII; of all processes one at a time applies retention. */
const LOCK_KEY = 0x44505254;

/** Removes what has reached its age, at start and every hour. */
@Injectable()
export class RetentionKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: DeliveryPool,
    private readonly deliveries: DeliveryRows,
    private readonly config: AppConfig,
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
        (error) => {
          if (!this.stopping.signal.aborted) this.logger.error({ err: error }, 'retention.failed');
        },
      );
  }

  /**
   * Applies every period once.
   * @param nowMs the database's clock unless told otherwise: that of one machine must not decide what goes.
   * @returns null when another process is at it.
   */
  async apply(nowMs?: number): Promise<RetentionReport | null> {
    return withLock(this.pool, LOCK_KEY, async (client) =>
      this.applyLocked(client, nowMs ?? (await nowOf(client))),
    );
  }

  private async applyLocked(client: PoolClient, nowMs: number): Promise<RetentionReport> {
    const startedAt = performance.now();
    const report = await new RetentionRun({
      client,
      deliveries: this.deliveries,
      periods: this.config.retention,
      nowMs,
      signal: this.stopping.signal,
      retryMs: RETRY_MS,
    }).run();
    const duration = Math.round(performance.now() - startedAt);
    const isQuiet = report.dropped.length + report.cancelled + report.rows + report.keys === 0;
    const level = report.busy.length + report.cancelled > 0 ? 'warn' : isQuiet ? 'debug' : 'info';
    this.logger[level]({ ...report, duration_ms: duration }, 'retention.applied');
    return report;
  }
}
