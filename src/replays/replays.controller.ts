import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiTags } from '@nestjs/swagger';
import { type AccountAccess, CurrentAccess } from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { ReplayEventDto, ReplayView } from './replays.dto.js';
import { ReplaysService } from './replays.service.js';

@ApiTags('Replays')
@Controller('accounts/:accountId/logs/:eventId/replay')
export class ReplaysController {
  constructor(private readonly replays: ReplaysService) {}

  @Post()
  @HttpCode(202)
  @Operation(
    'replayEvent',
    'Send an event again; every call makes new deliveries, so repeat it only on purpose',
    400,
    409,
    410,
  )
  @ApiAcceptedResponse({ type: ReplayView })
  replay(
    @Param('eventId') eventId: string,
    @Body() body: ReplayEventDto,
    @CurrentAccess() access: AccountAccess,
  ): Promise<ReplayView> {
    return this.replays.replay(access.accountId, eventId, body.destination_ids);
  }
}
