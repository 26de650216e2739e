import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { AppConfig, type DatabaseConnection } from '../config/app-config.js';
import { ChangeFeed } from './change-feed.js';
import { typeormOptions } from './database.options.js';
import {
  AcceptPool,
  DeliveryPool,
  ResultPool,
  createAcceptPool,
  createDeliveryPool,
  createResultPool,
} from './pools.js';

type EntityClass = new () => object;

/** The connections of a process: TypeORM's for management, pools for the hot paths, one that listens. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  private readonly pools: Pool[];

  constructor(
    acceptPool: AcceptPool,
    deliveryPool: DeliveryPool,
    resultPool: ResultPool,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.pools = [acceptPool, deliveryPool, resultPool];
    // Without a listener an idle connection that drops would end the process.
    for (const pool of this.pools)
      pool.on('error', (error) => logger.warn({ err: error }, 'database.connection_lost'));
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.end()));
  }

  static forRoot(connection: DatabaseConnection, entities: EntityClass[]): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      imports: [TypeOrmModule.forRoot({ ...typeormOptions(connection), entities, retryAttempts: 0 })],
      providers: [
        ChangeFeed,
        { provide: AcceptPool, inject: [AppConfig], useFactory: () => createAcceptPool(connection) },
        { provide: DeliveryPool, inject: [AppConfig], useFactory: () => createDeliveryPool(connection) },
        { provide: ResultPool, inject: [AppConfig], useFactory: () => createResultPool(connection) },
      ],
      exports: [ChangeFeed, AcceptPool, DeliveryPool, ResultPool],
    };
  }
}
