import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ReplayHints } from './replay-hints.js';
import { ReplaysController } from './replays.controller.js';
import { ReplaysService } from './replays.service.js';

@Module({
  imports: [AuditModule],
  controllers: [ReplaysController],
  providers: [ReplaysService, ReplayHints],
})
export class ReplaysModule {}
