import { Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiExtraModels,
  ApiOkResponse,
  ApiResponse,
  ApiSecurity,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Operation } from '../auth/operation.js';
import { AccountThrottlerGuard } from './account-throttler.guard.js';
import { AccountTokenGuard, type IngestRequest } from './account-token.guard.js';
import { MAX_BATCH_EVENTS } from './batch-items.js';
import { BatchEventDto, BatchReceiptView } from './batch.dto.js';
import { IncomingBatchesService } from './incoming-batches.service.js';
import { ReceiptView, TakesEvent, TakesEventId } from './incoming-data.dto.js';
import { IncomingDataService } from './incoming-data.service.js';
import { STREAM_BODY } from './ingest-body.js';

@ApiTags('Incoming data')
@Controller('server/incoming_data')
export class IncomingDataController {
  constructor(
    private readonly incomingData: IncomingDataService,
    private readonly batches: IncomingBatchesService,
  ) {}

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
  @TakesEventId()
  @TakesEvent()
  @ApiAcceptedResponse({ type: ReceiptView, description: 'Committed; every destination will get it' })
  @ApiOkResponse({ type: ReceiptView, description: 'The same event was accepted before' })
  async receive(
    @Req() request: IngestRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReceiptView> {
    const receipt = await this.incomingData.receive(request);
    if (receipt.duplicate) void reply.status(200);
    return receipt;
  }

  @Post('batch')
  @HttpCode(202)
  @RouteConfig(STREAM_BODY)
  @UseGuards(AccountTokenGuard, AccountThrottlerGuard)
  @Operation(
    'receiveDataBatch',
    'Accept many events in one transaction; each has a result of its own',
    400,
    401,
    413,
    415,
    429,
  )
  @ApiSecurity('accountToken')
  @ApiConsumes('application/json')
  @ApiExtraModels(BatchEventDto)
  @ApiBody({
    schema: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_BATCH_EVENTS,
      items: { $ref: getSchemaPath(BatchEventDto) },
    },
    description:
      'Counts as one request of the limit. A body that is no such array is refused whole, as is one with an event of ' +
      'more than 20 members, or one that would become more than 10,000 deliveries (413)',
  })
  @ApiAcceptedResponse({ type: BatchReceiptView, description: 'Every event is committed' })
  @ApiOkResponse({ type: BatchReceiptView, description: 'Every event was accepted before' })
  @ApiResponse({
    status: 207,
    type: BatchReceiptView,
    description: 'Some events were refused: see `results`. All others are committed',
  })
  async receiveBatch(
    @Req() request: IngestRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BatchReceiptView> {
    const receipt = await this.batches.receive(request);
    if (receipt.refused > 0) void reply.status(207);
    else if (receipt.accepted === 0) void reply.status(200);
    return receipt;
  }
}
