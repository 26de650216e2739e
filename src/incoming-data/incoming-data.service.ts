import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { AcceptingAccount } from '../accounts/account-directory.js';
import { sha256 } from '../common/crypto/tokens.js';
import { Problem, invalid } from '../common/errors/problem.js';
import { LOGGER } from '../common/logger.js';
import { uuidv7 } from '../common/uuid.js';
import { AppConfig } from '../config/app-config.js';
import { DestinationDirectory } from '../destinations/destination-directory.js';
import { DELIVERY_DATED_AFTER_MS } from '../events/delivery-ids.js';
import { AcceptBatcher } from './accept-batcher.js';
import type { AcceptedEvent, EventToAccept } from './accept-statement.js';
import type { IngestRequest } from './account-token.guard.js';
import { EVENT_ID_HEADER, readEventId } from './event-id.js';
import type { ReceiptView } from './incoming-data.dto.js';
import { contentTypeOf, readBody } from './ingest-body.js';
import { inspectJson } from './json-body.js';
import { checkMediaType } from './media-type.js';

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
    const { account, headers } = request;
    const eventId = readEventId(headers[EVENT_ID_HEADER], account.requireEventId);
    const mediaProblem = checkMediaType(contentTypeOf(request), headers['content-encoding']);
    if (mediaProblem) throw new Problem('unsupported_media_type', mediaProblem);
    const payload = await readBody(request, this.config.env.MAX_BODY_BYTES);
    const event = await this.prepare(account, eventId, payload);
    const accepted = await this.batcher.accept(event);
    this.logger.debug(
      {
        request_id: request.id,
        account_id: account.accountId,
        event: accepted.id,
        bytes: payload.length,
        destinations: accepted.destinationIds.length,
        duplicate: accepted.duplicate,
      },
      'event.accepted',
    );
    return toReceipt(event, accepted);
  }

  private async prepare(
    account: AcceptingAccount,
    eventId: string | null,
    payload: Buffer,
  ): Promise<EventToAccept> {
    const json = inspectJson(payload);
    if (!json.ok) throw invalid('body', json.problem);
    const known = this.destinations.routesOf(account.accountId);
    const routes = known instanceof Promise ? await known : known;
    // Deliveries are dated the millisecond after their event: the log finds them by that range of ids.
    const msecs = Date.now();
    const id = uuidv7(msecs);
    const deliveries = routes
      .filter((route) => route.matches(json.eventType))
      .map((route) => ({
        id: uuidv7(msecs + DELIVERY_DATED_AFTER_MS),
        destinationId: route.id,
        isHeld: route.state !== 'active',
      }));
    return {
      id,
      accountId: account.accountId,
      accountName: account.name,
      eventId: eventId ?? id,
      eventType: json.eventType,
      payload,
      bodySha256: sha256(payload),
      deliveries,
    };
  }
}

function toReceipt(event: EventToAccept, accepted: AcceptedEvent): ReceiptView {
  if (accepted.duplicate && !accepted.bodySha256.equals(event.bodySha256))
    throw new Problem(
      'event_id_reused',
      `This event id was accepted before with another body: its SHA-256 is ${accepted.bodySha256.toString('hex')}, ` +
        `that of this one ${event.bodySha256.toString('hex')}. Nothing was stored; use a new event id.`,
      { errors: [{ field: 'CL-X-EVENT-ID', message: 'was used before with another body' }] },
    );
  return {
    success: true,
    message: 'Data Received',
    id: accepted.id,
    event_id: event.eventId,
    duplicate: accepted.duplicate,
    destinations: accepted.destinationIds,
  };
}
