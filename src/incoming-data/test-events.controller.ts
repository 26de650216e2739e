import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiTags } from '@nestjs/swagger';
import { type AccountAccess, CurrentAccess } from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { IdPipe } from '../common/http/validation.js';
import { TestDestinationDto, TestEventView } from './test-events.dto.js';
import { TestEventsService } from './test-events.service.js';

@ApiTags('Destinations')
@Controller('accounts/:accountId/destinations/:destinationId/test')
export class TestEventsController {
  constructor(private readonly tests: TestEventsService) {}

  @Post()
  @HttpCode(202)
  @Operation('testDestination', 'Send a test event to a destination now', 400, 409, 413)
  @ApiBody({ type: TestDestinationDto, required: false })
  @ApiAcceptedResponse({ type: TestEventView, description: 'Committed and on its way' })
  send(
    @Param('destinationId', IdPipe) destinationId: string,
    @Body() body: unknown,
    @CurrentAccess() access: AccountAccess,
  ): Promise<TestEventView> {
    return this.tests.send(access, destinationId, body);
  }
}
