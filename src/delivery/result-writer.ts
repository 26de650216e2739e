import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { GroupBatcher } from '../common/group-batcher.js';
import { LOGGER } from '../common/logger.js';
import { AppConfig } from '../config/app-config.js';
import { RESULT_BATCHES, ResultPool } from '../database/pools.js';
import { DeliveryMetrics } from './delivery-metrics.js';
import { type DeliveryResult, recordResults } from './result-statement.js';

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1000;

/** Records results in batches. Its commits are asynchronous: one that a crash takes is made up by another delivery. */
@Injectable()
export class ResultWriter {
  private readonly batcher = new GroupBatcher<DeliveryResult, boolean>({
    write: (results) => this.write(results),
    maxItems: 250,
    maxBytes: 2 * 1024 * 1024,
    sizeOf: ({ attempt }) => 200 + (attempt?.outcome.responseExcerpt?.length ?? 0),
    maxFlushes: RESULT_BATCHES,
    // Nobody waits for a result: the place of the attempt is free already.
    lingerMs: 10,
  });

  constructor(
    private readonly pool: ResultPool,
    private readonly config: AppConfig,
    private readonly metrics: DeliveryMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Resolves when the result is stored; false when its lease had passed to somebody else meanwhile. A result
   * that cannot be stored before its lease ends is given up: the delivery is then made again.
   */
  record(result: DeliveryResult): Promise<boolean> {
    return this.batcher.add(result);
  }

  idle(): Promise<void> {
    return this.batcher.idle();
  }

  private async write(results: DeliveryResult[]): Promise<boolean[]> {
    const giveUpAt = performance.now() + this.config.env.LEASE_SECONDS * 1000;
    for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS)) {
      try {
        const kept = await recordResults(this.pool, results);
        this.metrics.recorded(results, kept);
        return kept;
      } catch (error) {
        this.logger.error({ err: error, results: results.length }, 'delivery.record_failed');
        if (performance.now() + pauseMs > giveUpAt) return results.map(() => false);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }
}
