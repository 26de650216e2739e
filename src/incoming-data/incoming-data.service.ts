import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { AcceptingAccount } from '../accounts/account-directory.js';
import { Problem, invalid } from '../common/errors/problem.js';
import { LOGGER } from '../common/logger.js';
import { AppConfig } from '../config/app-config.js';
import { DestinationDirectory } from '../destinations/destination-directory.js';
import { AcceptBatcher } from './accept-batcher.js';
import type { IngestRequest } from './account-token.guard.js';
import { EVENT_ID_HEADER, readEventId } from './event-id.js';
import type { ReceiptView } from './incoming-data.dto.js';
import { takeBody } from './ingest-body.js';
import { inspectJson } from './json-body.js';
import { newEvent } from './new-event.js';
import { toReceipt } from './receipts.js';

/** The way of an event from the request to its receipt. Whatever answers with 4xx has stored nothing. */
@Injectable()
export class IncomingDataService {
  constructor(
    private readonly config: AppConfig,
    private readonly destinations: DestinationDirectory,
    private readonly batcher: AcceptBatcher,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async receive(request: IngestRequest): Promise<ReceiptView> {
    const { account, headers, id } = request;
    const eventId = readEventId(headers[EVENT_ID_HEADER], account.requireEventId);
    const payload = await takeBody(request, this.config.env.MAX_BODY_BYTES);
    return this.accept(account, eventId, payload, id);
  }

  /**
   * @param eventId null where the producer sent none
   * @throws Problem where the body is no JSON document, its event id was used for another one, or it cannot be stored
   */
  async accept(
    account: AcceptingAccount,
    eventId: string | null,
    payload: Buffer,
    requestId: string,
  ): Promise<ReceiptView> {
    const json = inspectJson(payload);
    if (!json.ok) throw invalid('body', json.problem);
    const known = this.destinations.routesOf(account.accountId);
    const routes = known instanceof Promise ? await known : known;
    const event = newEvent(account, routes, eventId, json.eventType, payload);
    const accepted = await this.batcher.accept(event);
    this.logger.debug(
      {
        request_id: requestId,
        account_id: account.accountId,
        event: accepted.id,
        bytes: payload.length,
        destinations: accepted.destinationIds.length,
        duplicate: accepted.duplicate,
      },
      'event.accepted',
    );
    const receipt = toReceipt(event, accepted, 'CL-X-EVENT-ID');
    if (receipt instanceof Problem) throw receipt;
    return receipt;
  }
}
