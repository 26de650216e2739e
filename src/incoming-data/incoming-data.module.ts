import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import type { Logger } from 'pino';
import { AccountsModule } from '../accounts/accounts.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { LOGGER } from '../common/logger.js';
import { DestinationsModule } from '../destinations/destinations.module.js';
import { QUEUE_CONNECTION, type QueueConnection } from '../queue/queue-connection.js';
import { AcceptBatcher } from './accept-batcher.js';
import { DeliveryHints } from './delivery-hints.js';
import { FrontDoor } from './http1/front-door.js';
import { IncomingBatchesService } from './incoming-batches.service.js';
import { IncomingDataController } from './incoming-data.controller.js';
import { IncomingDataService } from './incoming-data.service.js';
import { ProducerChecks } from './producer-checks.js';
import { ReceivedEventsController } from './received-events.controller.js';
import { ReceivedEventsService } from './received-events.service.js';
import { IngestMetrics } from './ingest-metrics.js';
import { TestEventsController } from './test-events.controller.js';
import { TestEventsService } from './test-events.service.js';
import { AccountThrottlerStorage } from './throttle/account-throttler.storage.js';

@Module({
  imports: [
    AccountsModule,
    AuditModule,
    DestinationsModule,
    ThrottlerModule.forRootAsync({
      inject: [QUEUE_CONNECTION, LOGGER],
      useFactory: ({ redis }: QueueConnection, logger: Logger) => ({
        throttlers: [{ ttl: 1000, limit: 5 }],
        storage: new AccountThrottlerStorage({ redis: redis ?? undefined, log: (line) => logger.warn(line) }),
      }),
    }),
  ],
  controllers: [IncomingDataController, ReceivedEventsController, TestEventsController],
  providers: [
    IncomingDataService,
    IncomingBatchesService,
    ReceivedEventsService,
    TestEventsService,
    AcceptBatcher,
    DeliveryHints,
    IngestMetrics,
    ProducerChecks,
    FrontDoor,
  ],
})
export class IncomingDataModule {
  /** With the delivering half in the same process, what is accepted goes there directly as far as it has room. */
  static beside(delivery: Type[]): DynamicModule {
    return { module: IncomingDataModule, imports: delivery };
  }
}
