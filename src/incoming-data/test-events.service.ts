import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { uuidv7 } from '../common/uuid.js';
import { Audit } from '../audit/audit.service.js';
import type { AccountAccess } from '../auth/current-user.js';
import { Problem } from '../common/errors/problem.js';
import { AppConfig } from '../config/app-config.js';
import { DestinationsService } from '../destinations/destinations.service.js';
import type { EventToAccept } from './accept-statement.js';
import { DeliveryHints } from './delivery-hints.js';
import { dueOf } from './due-delivery.js';
import { newEvent } from './new-event.js';
import { storeTestEvent } from './test-event-statement.js';
import type { TestEventView } from './test-events.dto.js';
import { readTestPayload } from './test-payload.js';

/** Sends an event to one destination, whatever types it takes: a delivery like any other, attempts and log included. */
@Injectable()
export class TestEventsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly destinations: DestinationsService,
    private readonly hints: DeliveryHints,
    private readonly audit: Audit,
  ) {}

  async send(access: AccountAccess, destinationId: string, body: unknown): Promise<TestEventView> {
    const { payload, eventType } = readTestPayload(body, destinationId, this.config.env.MAX_BODY_BYTES);
    const only = { id: destinationId, state: 'active' as const, matches: () => true };
    const account = { accountId: access.accountId, name: '' };
    const event = newEvent(account, [only], `test-${uuidv7()}`, eventType, payload);
    const accountName = await this.store(event, destinationId);
    if (accountName === null) throw await this.whyNot(access, destinationId);
    this.hints.send(dueOf([{ ...event, accountName }]));
    return {
      id: event.id,
      event_id: event.eventId,
      delivery_id: event.deliveries[0]!.id,
      destination_id: destinationId,
    };
  }

  private store(event: EventToAccept, destinationId: string): Promise<string | null> {
    return this.dataSource.transaction(async (manager) => {
      const accountName = await storeTestEvent(manager, event);
      if (accountName !== null)
        await this.audit.record(manager, {
          target: { type: 'destination', id: destinationId },
          accountId: event.accountId,
          after: { event_id: event.eventId, delivery_id: event.deliveries[0]!.id },
        });
      return accountName;
    });
  }

  private async whyNot(access: AccountAccess, destinationId: string): Promise<Problem> {
    const { state } = await this.destinations.get(access, destinationId);
    const remedy = state === 'paused' ? 'Resume' : 'Enable';
    return new Problem('conflict', `The destination is ${state}. Nothing was sent. ${remedy} it first.`);
  }
}
