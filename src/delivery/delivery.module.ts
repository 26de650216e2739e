import { type BeforeApplicationShutdown, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { DestinationsModule } from '../destinations/destinations.module.js';
import { EventsModule } from '../events/events.module.js';
import { AttemptMaker } from './attempt-maker.js';
import { Claims } from './claims.js';
import { DeliveriesProcessor } from './deliveries.processor.js';
import { DeliveryEngine } from './delivery-engine.js';
import { ResultWriter } from './result-writer.js';
import { RetryHints } from './retry-hints.js';
import { Sweeper } from './sweeper.js';

/** The delivering half: takes jobs from the queue and what is overdue from the database. */
@Module({
  imports: [DestinationsModule, EventsModule],
  providers: [Claims, AttemptMaker, ResultWriter, RetryHints, DeliveryEngine, DeliveriesProcessor, Sweeper],
})
export class DeliveryModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly sweeper: Sweeper,
    private readonly processor: DeliveriesProcessor,
    private readonly engine: DeliveryEngine,
    private readonly attempts: AttemptMaker,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.sweeper.start();
  }

  /** Takes nothing new, lets the attempts under way end and be recorded, gives everything else back. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.sweeper.stop(), this.processor.worker.close(), this.engine.close()]);
    await this.attempts.close();
  }
}
