import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ReplayHints } from '../replays/replay-hints.js';
import { RecoveriesController } from './recoveries.controller.js';
import { RecoveriesService } from './recoveries.service.js';
import { RecoveryRunner } from './recovery-runner.js';

/** Recoveries as the API manages them. */
@Module({ imports: [AuditModule], controllers: [RecoveriesController], providers: [RecoveriesService] })
export class RecoveriesModule {}

/** Recoveries as a process that delivers runs them. */
@Module({ providers: [RecoveryRunner, ReplayHints] })
export class RecoveryRunsModule {}
