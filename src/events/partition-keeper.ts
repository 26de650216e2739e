import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { ensureDayPartitions } from '../database/partitions.js';
import { DeliveryPool } from '../database/pools.js';
import { PARTITIONED_TABLES } from './partitioned-tables.js';

const EVERY_MS = 3_600_000;

/** Makes the partitions of the coming days while the product runs. */
@Injectable()
export class PartitionKeeper implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout;

  constructor(
    private readonly pool: DeliveryPool,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Before anything is written: a row of a day without a partition keeps that day from getting one. */
  async onModuleInit(): Promise<void> {
    await this.keep();
    this.timer = setInterval(() => void this.keep(), EVERY_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async keep(): Promise<void> {
    await ensureDayPartitions(this.pool, PARTITIONED_TABLES).catch((error) =>
      this.logger.error({ err: error }, 'partitions.failed'),
    );
  }
}
