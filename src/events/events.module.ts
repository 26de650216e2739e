import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Attempt } from './attempt.entity.js';
import { BacklogGauges } from './backlog-gauges.js';
import { DeliveryRows } from './delivery-rows.js';
import { Delivery } from './delivery.entity.js';
import { EventKey } from './event-key.entity.js';
import { Event } from './event.entity.js';
import { OverdueDeliveries } from './overdue-deliveries.js';
import { PartitionKeeper } from './partition-keeper.js';
import { FinishedDelivery } from './finished-delivery.entity.js';
import { RetentionKeeper } from './retention-keeper.js';
import { SettlingKeeper } from './settling-keeper.js';
import { TableSizes } from './table-sizes.js';

/** The rows in which accepting and delivering meet. */
@Module({
  imports: [TypeOrmModule.forFeature([Event, EventKey, Delivery, FinishedDelivery, Attempt])],
  providers: [
    BacklogGauges,
    DeliveryRows,
    OverdueDeliveries,
    PartitionKeeper,
    RetentionKeeper,
    SettlingKeeper,
    TableSizes,
  ],
  exports: [DeliveryRows, OverdueDeliveries, TableSizes],
})
export class EventsModule {}
