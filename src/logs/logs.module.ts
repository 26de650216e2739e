import { Module } from '@nestjs/common';
import { FlatLogsController } from './flat-logs.controller.js';
import { FlatLogsService } from './flat-logs.service.js';
import { LogExportsService } from './log-exports.service.js';
import { LogsController } from './logs.controller.js';
import { LogsService } from './logs.service.js';
import { ManualLogsService } from './manual-logs.service.js';

@Module({
  controllers: [LogsController, FlatLogsController],
  providers: [LogsService, FlatLogsService, ManualLogsService, LogExportsService],
})
export class LogsModule {}
