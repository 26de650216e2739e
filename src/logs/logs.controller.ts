import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type AccountAccess, CurrentAccess } from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { ApiPage, type Page } from '../common/http/page.js';
import { EventLogView, ListLogsQuery, LogEntryView } from './logs.dto.js';
import { LogsService } from './logs.service.js';

@ApiTags('Logs')
@Controller('accounts/:accountId/logs')
export class LogsController {
  constructor(private readonly logs: LogsService) {}

  @Get()
  @Operation('listLogs', 'List the deliveries of an account, newest first', 400)
  @ApiPage(LogEntryView)
  list(@Query() query: ListLogsQuery, @CurrentAccess() access: AccountAccess): Promise<Page<LogEntryView>> {
    return this.logs.list(access.accountId, query);
  }

  @Get(':eventId')
  @Operation('getEventLog', 'Read an event with every delivery and every attempt')
  @ApiOkResponse({ type: EventLogView })
  get(@Param('eventId') eventId: string, @CurrentAccess() access: AccountAccess): Promise<EventLogView> {
    return this.logs.getEvent(access.accountId, eventId);
  }
}
