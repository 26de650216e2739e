import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { EventsModule } from '../events/events.module.js';
import { AccountPurge } from './account-purge.js';
import { AccountDirectory } from './account-directory.js';
import { AccountToken } from './account-token.entity.js';
import { AccountTokens } from './account-tokens.js';
import { Account } from './account.entity.js';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Account, AccountToken]), AuditModule, EventsModule],
  controllers: [AccountsController],
  providers: [AccountsService, AccountTokens, AccountDirectory, AccountPurge],
  exports: [AccountDirectory],
})
export class AccountsModule {}
