import { type DynamicModule, Module } from '@nestjs/common';
import { CacheModule } from './cache/cache.module.js';
import type { AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { DatabaseModule } from './database/database.module.js';
import { DELIVERIES_QUEUE } from './delivery/contract.js';
import { DeliveryModule } from './delivery/delivery.module.js';
import { entities } from './entities.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { RecoveryRunsModule } from './recoveries/recoveries.module.js';
import { QueueModule } from './queue/queue.module.js';

/** A process that only delivers. */
@Module({})
export class WorkerModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        ConfigModule.forRoot(config),
        DatabaseModule.forRoot(config.database, entities),
        QueueModule.forRoot(config, [DELIVERIES_QUEUE]),
        MetricsModule,
        CacheModule,
        DeliveryModule,
        RecoveryRunsModule,
        HealthModule,
      ],
    };
  }
}
