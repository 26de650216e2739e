import { Module } from '@nestjs/common';
import { ReplayHints } from './replay-hints.js';
import { ReplaysController } from './replays.controller.js';
import { ReplaysService } from './replays.service.js';

@Module({ controllers: [ReplaysController], providers: [ReplaysService, ReplayHints] })
export class ReplaysModule {}
