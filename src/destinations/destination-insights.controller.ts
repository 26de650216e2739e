import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type AccountAccess, CurrentAccess } from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { IdPipe } from '../common/http/validation.js';
import {
  DestinationStatsQuery,
  DestinationStatsView,
  RetryScheduleView,
} from './destination-insights.dto.js';
import { DestinationInsightsService } from './destination-insights.service.js';

const Id = () => Param('destinationId', IdPipe);

@ApiTags('Destinations')
@Controller('accounts/:accountId/destinations/:destinationId')
export class DestinationInsightsController {
  constructor(private readonly insights: DestinationInsightsService) {}

  @Get('stats')
  @Operation('getDestinationStats', 'Read how a destination does: results, latency, last error, backlog', 400)
  @ApiOkResponse({ type: DestinationStatsView })
  stats(
    @Id() id: string,
    @Query() query: DestinationStatsQuery,
    @CurrentAccess() access: AccountAccess,
  ): Promise<DestinationStatsView> {
    return this.insights.stats(access, id, query);
  }

  @Get('retry-schedule')
  @Operation('getRetrySchedule', 'Read when the attempts of a delivery are made')
  @ApiOkResponse({ type: RetryScheduleView })
  retrySchedule(@Id() id: string, @CurrentAccess() access: AccountAccess): Promise<RetryScheduleView> {
    return this.insights.retrySchedule(access, id);
  }
}
