import { Controller, Get, Param, Query, Res, type StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiParam, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type AccountAccess, CurrentAccess } from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { ApiPage, type Page } from '../common/http/page.js';
import { LogExportsService } from './log-exports.service.js';
import { EventLogView, ExportLogsQuery, ListLogsQuery, LogEntryView } from './logs.dto.js';
import { LogsService } from './logs.service.js';

@ApiTags('Logs')
@Controller('accounts/:accountId/logs')
export class LogsController {
  constructor(
    private readonly logs: LogsService,
    private readonly exports: LogExportsService,
  ) {}

  @Get()
  @Operation('listLogs', 'List the deliveries of an account, newest first', 400)
  @ApiPage(LogEntryView)
  list(@Query() query: ListLogsQuery, @CurrentAccess() access: AccountAccess): Promise<Page<LogEntryView>> {
    return this.logs.list(access.accountId, query);
  }

  @Get('export')
  @Operation('exportLogs', 'Download the deliveries of an account as CSV or NDJSON, newest first', 400)
  @ApiExtraModels(LogEntryView)
  @ApiOkResponse({
    description: 'Streamed; a connection that is cut before the end means that the file is not whole',
    headers: { 'Content-Disposition': { schema: { type: 'string' }, description: 'Name of the file' } },
    content: {
      'text/csv': { schema: { type: 'string' } },
      'application/x-ndjson': { schema: { $ref: getSchemaPath(LogEntryView) } },
    },
  })
  export(
    @Query() query: ExportLogsQuery,
    @CurrentAccess() access: AccountAccess,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    return this.exports.start(access.accountId, query, reply.raw);
  }

  @Get(':eventId')
  @Operation('getEventLog', 'Read an event with every delivery and every attempt')
  @ApiParam({
    name: 'eventId',
    description:
      'Your id of the event, or the one we gave it (`id` of its receipt), which also names events whose own id a path ' +
      'cannot: `export`, `.` and `..`',
  })
  @ApiOkResponse({ type: EventLogView })
  get(@Param('eventId') eventId: string, @CurrentAccess() access: AccountAccess): Promise<EventLogView> {
    return this.logs.getEvent(access.accountId, eventId);
  }
}
