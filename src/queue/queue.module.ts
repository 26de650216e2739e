import { BullModule } from '@nestjs/bullmq';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../common/logger.js';
import { Remembered } from '../common/remembered.js';
import type { AppConfig } from '../config/app-config.js';
import { Metrics } from '../metrics/metrics.js';
import { QUEUE_CONNECTION, type QueueConnection, openQueueConnection } from './queue-connection.js';

/** Enough to look at. Trimming by age, or keeping a thousand, cost much of the throughput on PostgreSQL. */
const KEPT_COMPLETED = 100;
const KEPT_FAILED = 1000;

const PING_EVERY_MS = 5000;
const PING_TIMEOUT_MS = 500;

/** BullMQ on Redis or PostgreSQL, by configuration alone. Everything in it may be wiped at any moment. */
@Module({})
export class QueueModule implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(QUEUE_CONNECTION) private readonly connection: QueueConnection,
    metrics: Metrics,
  ) {
    const up = new Remembered(() => answers(connection), PING_EVERY_MS);
    metrics.gauge(
      'queue_up',
      '1 while the queue answers; without it deliveries are up to two seconds late.',
      () => up.get(),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }

  beforeApplicationShutdown(): void {
    this.connection.abandonIfAway();
  }

  static forRoot(config: AppConfig, queueNames: string[]): DynamicModule {
    const logger = createLogger(config.env.LOG_LEVEL);
    const connection = openQueueConnection(config, (error) =>
      logger.debug({ err: error }, 'queue.connection_error'),
    );
    const queues = BullModule.registerQueue(
      ...queueNames.map((name) => ({
        name,
        defaultJobOptions: {
          attempts: 1,
          removeOnComplete: { count: KEPT_COMPLETED },
          removeOnFail: { count: KEPT_FAILED },
        },
      })),
    );
    return {
      module: QueueModule,
      global: true,
      imports: [BullModule.forRoot({ connection: connection.bullmq }), queues],
      providers: [{ provide: QUEUE_CONNECTION, useValue: connection }],
      exports: [queues, QUEUE_CONNECTION],
    };
  }
}

async function answers(connection: QueueConnection): Promise<number> {
  const late = sleep(PING_TIMEOUT_MS, 0, { ref: false });
  const answer = connection.ping().then(
    () => 1,
    () => 0,
  );
  return Promise.race([answer, late]);
}
