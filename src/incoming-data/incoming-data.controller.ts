import { Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOkResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Operation } from '../auth/operation.js';
import { AccountThrottlerGuard } from './account-throttler.guard.js';
import { AccountTokenGuard, type IngestRequest } from './account-token.guard.js';
import { ReceiptView } from './incoming-data.dto.js';
import { IncomingDataService } from './incoming-data.service.js';
import { STREAM_BODY } from './ingest-body.js';

@ApiTags('Incoming data')
@Controller('server/incoming_data')
export class IncomingDataController {
  constructor(private readonly incomingData: IncomingDataService) {}

  @Post()
  @HttpCode(202)
  @RouteConfig(STREAM_BODY)
  @UseGuards(AccountTokenGuard, AccountThrottlerGuard)
  @Operation(
    'receiveData',
    'Accept an event and deliver it to every destination',
    400,
    401,
    409,
    413,
    415,
    429,
  )
  @ApiSecurity('accountToken')
  @ApiHeader({
    name: 'CL-X-EVENT-ID',
    required: false,
    description: 'Your id of the event, for safe repeats',
  })
  @ApiConsumes('application/json')
  @ApiBody({
    schema: { oneOf: [{ type: 'object' }, { type: 'array', items: {} }] },
    description: 'Any JSON object or array',
  })
  @ApiAcceptedResponse({ type: ReceiptView })
  @ApiOkResponse({ type: ReceiptView, description: 'The same event was accepted before' })
  async receive(
    @Req() request: IngestRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReceiptView> {
    const receipt = await this.incomingData.receive(request);
    if (receipt.duplicate) void reply.status(200);
    return receipt;
  }
}
