import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AuditEntryView, ListAccountAuditQuery, ListAuditQuery } from '../audit/audit.dto.js';
import { AuditLogService } from '../audit/audit-log.service.js';
import { ApiPage, type Page } from '../common/http/page.js';
import { type AccountAccess, CurrentAccess } from './current-user.js';
import { Operation } from './operation.js';

@ApiTags('Audit')
@Controller()
export class AuditController {
  constructor(private readonly log: AuditLogService) {}

  @Get('audit')
  @Operation('listAudit', 'List who changed what, and when', 400)
  @ApiPage(AuditEntryView)
  list(@Query() query: ListAuditQuery): Promise<Page<AuditEntryView>> {
    return this.log.list(query);
  }

  @Get('accounts/:accountId/audit')
  @Operation('listAccountAudit', 'List who changed what in an account, and when', 400)
  @ApiPage(AuditEntryView)
  listOfAccount(
    @Query() query: ListAccountAuditQuery,
    @CurrentAccess() { accountId }: AccountAccess,
  ): Promise<Page<AuditEntryView>> {
    return this.log.list(Object.assign(query, { account_id: accountId }));
  }
}
