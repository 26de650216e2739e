import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { EventsModule } from '../events/events.module.js';
import { DestinationChecks } from './destination-checks.js';
import { DestinationDirectory } from './destination-directory.js';
import { DestinationInsightsController } from './destination-insights.controller.js';
import { DestinationInsightsService } from './destination-insights.service.js';
import { DestinationReader } from './destination-reader.js';
import { DestinationSecrets } from './destination-secrets.js';
import { Destination } from './destination.entity.js';
import { DestinationsController } from './destinations.controller.js';
import { DestinationsService } from './destinations.service.js';
import { FlatDestinationsController } from './flat-destinations.controller.js';

@Module({
  imports: [TypeOrmModule.forFeature([Destination]), AuditModule, EventsModule],
  controllers: [DestinationsController, DestinationInsightsController, FlatDestinationsController],
  providers: [
    DestinationsService,
    DestinationInsightsService,
    DestinationChecks,
    DestinationSecrets,
    DestinationReader,
    DestinationDirectory,
  ],
  exports: [DestinationReader, DestinationDirectory, DestinationsService],
})
export class DestinationsModule {}
