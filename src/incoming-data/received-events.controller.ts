import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type AccountAccess, CurrentAccess } from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { ApiPage, type Page } from '../common/http/page.js';
import { ListReceivedEventsQuery, ReceivedEventView } from './received-events.dto.js';
import { ReceivedEventsService } from './received-events.service.js';

@ApiTags('Incoming data')
@Controller('accounts/:accountId/incoming-data')
export class ReceivedEventsController {
  constructor(private readonly events: ReceivedEventsService) {}

  @Get()
  @Operation('listReceivedEvents', 'List the events an account received, newest first', 400)
  @ApiPage(ReceivedEventView)
  list(
    @Query() query: ListReceivedEventsQuery,
    @CurrentAccess() access: AccountAccess,
  ): Promise<Page<ReceivedEventView>> {
    return this.events.list(access.accountId, query);
  }

  @Get(':eventId')
  @Operation('getReceivedEvent', 'Read an event as it was received')
  @ApiOkResponse({ type: ReceivedEventView })
  get(@Param('eventId') eventId: string, @CurrentAccess() access: AccountAccess): Promise<ReceivedEventView> {
    return this.events.get(access.accountId, eventId);
  }
}
