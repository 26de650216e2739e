import { Module } from '@nestjs/common';
import { AccountReconciliationController } from './account-reconciliation.controller.js';
import { ReconciliationController } from './reconciliation.controller.js';
import { ReconciliationService } from './reconciliation.service.js';

@Module({
  controllers: [ReconciliationController, AccountReconciliationController],
  providers: [ReconciliationService],
})
export class ReconciliationModule {}
