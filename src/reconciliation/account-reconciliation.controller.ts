import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type AccountAccess, CurrentAccess } from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import {
  AccountReconciliationView,
  ReconciledEventsView,
  ReconcileEventsDto,
  ReconciliationQuery,
} from './reconciliation.dto.js';
import { ReconciliationService } from './reconciliation.service.js';

@ApiTags('Reconciliation')
@Controller('accounts/:accountId/reconciliation')
export class AccountReconciliationController {
  constructor(private readonly reconciliation: ReconciliationService) {}

  @Get()
  @Operation('getAccountReconciliation', 'Account for every event of a period, by destination', 400)
  @ApiOkResponse({ type: AccountReconciliationView })
  get(
    @Query() query: ReconciliationQuery,
    @CurrentAccess() access: AccountAccess,
  ): Promise<AccountReconciliationView> {
    return this.reconciliation.ofAccount(access.accountId, query);
  }

  @Post()
  @HttpCode(200)
  @Operation('reconcileAccountEvents', 'Tell what became of these event ids', 400)
  @ApiOkResponse({ type: ReconciledEventsView })
  events(
    @Body() body: ReconcileEventsDto,
    @CurrentAccess() access: AccountAccess,
  ): Promise<ReconciledEventsView> {
    return this.reconciliation.ofEvents(access.accountId, body.event_ids);
  }
}
