import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { AcceptingAccount } from '../accounts/account-directory.js';
import { Problem, invalid } from '../common/errors/problem.js';
import { LOGGER } from '../common/logger.js';
import { AppConfig } from '../config/app-config.js';
import { DestinationDirectory } from '../destinations/destination-directory.js';
import { AcceptBatcher } from './accept-batcher.js';
import type { AcceptedEvent, EventToAccept } from './accept-statement.js';
import type { IngestRequest } from './account-token.guard.js';
import { type BatchItem, readBatch } from './batch-items.js';
import {
  type BatchItemView,
  type BatchReceiptView,
  toBatchReceipt,
  toItemView,
  toRefusal,
} from './batch.dto.js';
import { EVENT_ID_HEADER } from './event-id.js';
import { takeBody } from './ingest-body.js';
import type { WithBatch } from './ingest-metrics.js';
import { newEvent } from './new-event.js';
import { toReceipt } from './receipts.js';

/** What one statement stores well within the time that a producer is kept waiting. */
const MAX_BATCH_DELIVERIES = 10_000;

/** Many events in one request and one transaction: each is judged by itself, those that pass are stored together. */
@Injectable()
export class IncomingBatchesService {
  constructor(
    private readonly config: AppConfig,
    private readonly destinations: DestinationDirectory,
    private readonly batcher: AcceptBatcher,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async receive(request: IngestRequest): Promise<BatchReceiptView> {
    const { account, headers } = request;
    if (headers[EVENT_ID_HEADER] !== undefined)
      throw invalid(
        'CL-X-EVENT-ID',
        'names a single event; in a batch every item has an event_id of its own',
      );
    const body = await takeBody(request, this.config.maxBatchBytes);
    const items = await readBatch(body, {
      requireEventId: account.requireEventId,
      maxBytes: this.config.env.MAX_BODY_BYTES,
    });
    const receipt = toBatchReceipt(await this.store(account, items));
    (request as WithBatch).batchStatuses = receipt.results.map(({ status }) => status);
    const { accepted, duplicates, refused } = receipt;
    this.logger.debug(
      {
        request_id: request.id,
        account_id: account.accountId,
        bytes: body.length,
        accepted,
        duplicates,
        refused,
      },
      'batch.accepted',
    );
    return receipt;
  }

  private async store(account: AcceptingAccount, items: (BatchItem | Problem)[]): Promise<BatchItemView[]> {
    const routes = await this.destinations.routesOf(account.accountId);
    const prepared = items.map((item, index) =>
      item instanceof Problem
        ? item
        : newEvent(account, routes, item.eventId, item.eventType, item.payload, index),
    );
    const stored = await this.storeTogether(prepared.filter(isEvent));
    return prepared.map((item) =>
      item instanceof Problem ? toRefusal(item, null) : toResult(item, stored.get(item)!),
    );
  }

  private async storeTogether(events: EventToAccept[]): Promise<Map<EventToAccept, AcceptedEvent>> {
    const deliveries = events.reduce((sum, event) => sum + event.deliveries.length, 0);
    if (deliveries > MAX_BATCH_DELIVERIES)
      throw new Problem(
        'payload_too_large',
        `These events would be ${deliveries} deliveries; a batch may become ${MAX_BATCH_DELIVERIES}. ` +
          'Nothing was stored; send fewer events at a time.',
      );
    const accepted = events.length === 0 ? [] : await this.batcher.acceptTogether(events);
    return new Map(events.map((event, index) => [event, accepted[index]!]));
  }
}

const isEvent = (item: EventToAccept | Problem): item is EventToAccept => !(item instanceof Problem);

function toResult(event: EventToAccept, accepted: AcceptedEvent): BatchItemView {
  const receipt = toReceipt(event, accepted, 'event_id');
  return receipt instanceof Problem ? toRefusal(receipt, event.eventId) : toItemView(receipt);
}
