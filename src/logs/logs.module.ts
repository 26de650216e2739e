import { Module } from '@nestjs/common';
import { SearchModule } from '../search/search.module.js';
import { FlatLogsController } from './flat-logs.controller.js';
import { FlatLogsService } from './flat-logs.service.js';
import { LogExportsService } from './log-exports.service.js';
import { LogSearch } from './log-search.js';
import { LogsController } from './logs.controller.js';
import { LogsService } from './logs.service.js';
import { ManualLogsService } from './manual-logs.service.js';

@Module({
  imports: [SearchModule],
  controllers: [LogsController, FlatLogsController],
  providers: [LogsService, LogSearch, FlatLogsService, ManualLogsService, LogExportsService],
})
export class LogsModule {}
