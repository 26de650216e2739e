import { type DynamicModule, Module } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module.js';
import { AuthModule } from './auth/auth.module.js';
import type { AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { DatabaseModule } from './database/database.module.js';
import { DELIVERIES_QUEUE } from './delivery/contract.js';
import { DeliveryModule } from './delivery/delivery.module.js';
import { DestinationsModule } from './destinations/destinations.module.js';
import { EventsModule } from './events/events.module.js';
import { entities } from './entities.js';
import { HealthModule } from './health/health.module.js';
import { IncomingDataModule } from './incoming-data/incoming-data.module.js';
import { LogsModule } from './logs/logs.module.js';
import { MembersModule } from './members/members.module.js';
import { BoardModule } from './board/board.module.js';
import { CacheModule } from './cache/cache.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { QueueModule } from './queue/queue.module.js';
import { StorageModule } from './storage/storage.module.js';
import { RecoveriesModule, RecoveryRunsModule } from './recoveries/recoveries.module.js';
import { ReplaysModule } from './replays/replays.module.js';
import { ReconciliationModule } from './reconciliation/reconciliation.module.js';
import { UsersModule } from './users/users.module.js';

/** `all` serves the API and delivers in one process; `api` leaves delivering to worker processes. */
export type AppRole = 'all' | 'api';

@Module({})
export class AppModule {
  static forRoot(config: AppConfig, role: AppRole): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        DatabaseModule.forRoot(config.database, entities),
        QueueModule.forRoot(config, [DELIVERIES_QUEUE]),
        MetricsModule,
        CacheModule,
        EventsModule,
        UsersModule,
        AuthModule,
        AccountsModule,
        MembersModule,
        DestinationsModule,
        LogsModule,
        StorageModule,
        ReconciliationModule,
        ReplaysModule,
        RecoveriesModule,
        IncomingDataModule.beside(role === 'all' ? [DeliveryModule] : []),
        ...(role === 'all' ? [RecoveryRunsModule] : []),
        BoardModule,
        HealthModule,
      ],
    };
  }
}
