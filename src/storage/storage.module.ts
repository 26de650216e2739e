import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { StorageController } from './storage.controller.js';
import { StorageService } from './storage.service.js';

@Module({ imports: [EventsModule], controllers: [StorageController], providers: [StorageService] })
export class StorageModule {}
