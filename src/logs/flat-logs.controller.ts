import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import type { AccountScope } from '../auth/account-scope.js';
import {
  type AccountAccess,
  type Caller,
  CurrentScope,
  CurrentUser,
  FoundAccess,
} from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { ApiPage, type Page } from '../common/http/page.js';
import { IdPipe } from '../common/http/validation.js';
import { ListAllLogsQuery, ListDestinationLogsQuery, RecordLogDto } from './flat-logs.dto.js';
import { FlatLogsService } from './flat-logs.service.js';
import { LogEntryView } from './logs.dto.js';
import { LogsService } from './logs.service.js';
import { ManualLogsService } from './manual-logs.service.js';

/** The log without an account in the path. */
@ApiTags('Logs')
@Controller('logs')
export class FlatLogsController {
  constructor(
    private readonly logs: LogsService,
    private readonly flatLogs: FlatLogsService,
    private readonly manualLogs: ManualLogsService,
  ) {}

  @Get()
  @Operation('listAllLogs', 'List the deliveries of every account you may see, newest first', 400, 404)
  @ApiPage(LogEntryView)
  list(@Query() query: ListAllLogsQuery, @CurrentScope() scope: AccountScope): Promise<Page<LogEntryView>> {
    return this.flatLogs.list(scope, query);
  }

  @Get(':destinationId')
  @Operation('listDestinationLogs', 'List the deliveries to a destination, newest first', 400)
  @ApiPage(LogEntryView)
  listOfDestination(
    @Param('destinationId', IdPipe) id: string,
    @Query() query: ListDestinationLogsQuery,
    @FoundAccess() access: AccountAccess,
  ): Promise<Page<LogEntryView>> {
    return this.logs.list(access.accountId, Object.assign(query, { destination_id: id }));
  }

  @Post()
  @Operation('recordLog', 'Record an entry of your own; nothing is sent because of it', 400)
  @ApiCreatedResponse({ type: LogEntryView })
  record(
    @Body() body: RecordLogDto,
    @FoundAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<LogEntryView> {
    return this.manualLogs.record(access, body, caller);
  }
}
