import { type BeforeApplicationShutdown, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DestinationsModule } from '../destinations/destinations.module.js';
import { EventsModule } from '../events/events.module.js';
import { QUEUE_CONNECTION, type QueueConnection } from '../queue/queue-connection.js';
import { AttemptMaker } from './attempt-maker.js';
import { SearchKeeperModule } from '../search/search.module.js';
import { Claims } from './claims.js';
import { DIRECT_DELIVERY } from './contract.js';
import { DeliveriesProcessor } from './deliveries.processor.js';
import { DeliveryEngine } from './delivery-engine.js';
import { DirectDeliveries } from './direct-deliveries.js';
import { DeliveryMetrics } from './delivery-metrics.js';
import { EngineGauges } from './engine-gauges.js';
import { ResultWriter } from './result-writer.js';
import { RetryHints } from './retry-hints.js';
import { Sweeper } from './sweeper.js';

/** What an attempt under way is given at shutdown; whoever stops the process waits 20 s at most. */
const DRAIN_MS = 12_000;

/** Longer than any job waits for its attempts. */
const WORKER_CLOSE_MS = 5000;

/** The delivering half: takes jobs from the queue and what is overdue from the database. */
@Module({
  imports: [DestinationsModule, EventsModule, SearchKeeperModule],
  providers: [
    Claims,
    AttemptMaker,
    ResultWriter,
    RetryHints,
    DeliveryEngine,
    DeliveriesProcessor,
    Sweeper,
    DeliveryMetrics,
    EngineGauges,
    { provide: DIRECT_DELIVERY, useClass: DirectDeliveries },
  ],
  exports: [DIRECT_DELIVERY],
})
export class DeliveryModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly sweeper: Sweeper,
    private readonly processor: DeliveriesProcessor,
    private readonly engine: DeliveryEngine,
    private readonly attempts: AttemptMaker,
    @Inject(QUEUE_CONNECTION) private readonly connection: QueueConnection,
  ) {}

  onApplicationBootstrap(): void {
    this.sweeper.start();
    void this.processor.worker.run();
  }

  /** Takes nothing new, lets the attempts under way end and be recorded, gives everything else back. */
  async beforeApplicationShutdown(): Promise<void> {
    this.connection.abandonIfAway();
    const limit = setTimeout(() => this.attempts.abort(), DRAIN_MS);
    await Promise.all([this.sweeper.stop(), this.closeWorker(), this.engine.close()]);
    clearTimeout(limit);
    await this.attempts.close();
  }

  /** Jobs are hints: one that a queue does not let go of is left to the sweeper of another process. */
  private async closeWorker(): Promise<void> {
    const closing = this.processor.worker.close().catch(() => undefined);
    const late = sleep(WORKER_CLOSE_MS, 'late', { ref: false });
    if ((await Promise.race([closing, late])) !== 'late') return;
    this.connection.abandon();
    await closing;
  }
}
