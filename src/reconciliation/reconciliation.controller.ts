import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Operation } from '../auth/operation.js';
import {
  ReconciledEventsView,
  ReconcileEventsDto,
  ReconciliationQuery,
  ReconciliationView,
} from './reconciliation.dto.js';
import { ReconciliationService } from './reconciliation.service.js';

@ApiTags('Reconciliation')
@Controller('reconciliation')
export class ReconciliationController {
  constructor(private readonly reconciliation: ReconciliationService) {}

  @Get()
  @Operation('getReconciliation', 'Account for every event of a period, over all accounts', 400)
  @ApiOkResponse({ type: ReconciliationView })
  get(@Query() query: ReconciliationQuery): Promise<ReconciliationView> {
    return this.reconciliation.ofAll(query);
  }

  @Post()
  @HttpCode(200)
  @Operation('reconcileEvents', 'Tell what became of these event ids, in whichever accounts they are', 400)
  @ApiOkResponse({ type: ReconciledEventsView })
  events(@Body() body: ReconcileEventsDto): Promise<ReconciledEventsView> {
    return this.reconciliation.ofEvents(null, body.event_ids);
  }
}
