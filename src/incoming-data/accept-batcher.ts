import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Logger } from 'pino';
import { unavailable } from '../common/errors/problem.js';
import { GroupBatcher } from '../common/group-batcher.js';
import { LOGGER } from '../common/logger.js';
import { isUnavailable } from '../database/pg-errors.js';
import { AcceptPool } from '../database/pools.js';
import { DIRECT_DELIVERY, type DirectDelivery, type DirectLease } from '../delivery/contract.js';
import { type AcceptedEvent, type EventToAccept, acceptEvents } from './accept-statement.js';
import { DeliveryHints } from './delivery-hints.js';
import { dueOf, toClaimed, toJob } from './due-delivery.js';
import { IngestMetrics } from './ingest-metrics.js';

const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 1;
/** Smaller ones cost the database more for each event than it gains by working while others are written to disk. */
const FURTHER_BATCH_EVENTS = 48;

/** What an event costs the database: its body and a row for itself and for each delivery. */
const ROW_BYTES = 400;
const bytesOf = (event: EventToAccept): number =>
  event.payload.length + ROW_BYTES * (1 + event.deliveries.length);

const tooMuch = () => unavailable('More arrives than can be stored right now.', RETRY_AFTER_SECONDS);

/** Stores events in shared transactions and hands what was committed to whoever delivers it. */
@Injectable()
export class AcceptBatcher {
  private readonly batcher = new GroupBatcher<EventToAccept, AcceptedEvent>({
    write: (events) => this.write(events),
    maxItems: 200,
    maxBytes: 4 * 1024 * 1024,
    sizeOf: bytesOf,
    maxFlushes: 3,
    furtherAt: FURTHER_BATCH_EVENTS,
  });

  private isFailing = false;

  constructor(
    private readonly pool: AcceptPool,
    private readonly hints: DeliveryHints,
    private readonly metrics: IngestMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
    @Optional() @Inject(DIRECT_DELIVERY) private readonly direct?: DirectDelivery,
  ) {}

  /** Resolves after COMMIT. Rejects with a 503 problem when the database cannot take the event now. */
  accept(event: EventToAccept): Promise<AcceptedEvent> {
    if (this.batcher.waitingBytes + bytesOf(event) > MAX_WAITING_BYTES) return Promise.reject(tooMuch());
    return this.batcher.add(event);
  }

  /** All of them in one transaction; the rest as `accept`. */
  acceptTogether(events: EventToAccept[]): Promise<AcceptedEvent[]> {
    const bytes = events.reduce((sum, event) => sum + bytesOf(event), 0);
    if (this.batcher.waitingBytes + bytes > MAX_WAITING_BYTES) return Promise.reject(tooMuch());
    return this.batcher.addTogether(events);
  }

  private async write(events: EventToAccept[]): Promise<AcceptedEvent[]> {
    const lease = this.direct?.reserve(dueOf(events));
    let accepted: AcceptedEvent[];
    try {
      accepted = await acceptEvents(this.pool, events, lease);
    } catch (error) {
      lease?.abandon();
      throw this.failed(error);
    }
    this.report(null);
    this.metrics.stored(events.length);
    this.handOver(
      events.filter((_, index) => !accepted[index]!.duplicate),
      lease,
    );
    return accepted;
  }

  private handOver(committed: EventToAccept[], lease?: DirectLease): void {
    const due = dueOf(committed);
    if (!lease) return this.hints.send(due);
    const own = due.filter(({ id }) => lease.taken.has(id));
    lease.start(
      own.map((delivery) => toClaimed(delivery, lease)),
      toJob(own),
    );
    if (own.length < due.length) this.hints.send(due.filter(({ id }) => !lease.taken.has(id)));
  }

  private failed(error: unknown): Error {
    this.report(error);
    const problem = unavailable(
      'Nobody knows whether the data was stored. Send it again with the same event ids: it is stored once.',
      RETRY_AFTER_SECONDS,
      error,
    );
    // What waits behind a database that is away is told at once, not one timeout later.
    if (isUnavailable(error)) this.batcher.rejectWaiting(problem);
    return problem;
  }

  /** One line when storing begins to fail and one when it works again. */
  private report(error: unknown): void {
    if (error && !this.isFailing) this.logger.error({ err: error }, 'event.store_failed');
    if (!error && this.isFailing) this.logger.info('event.store_recovered');
    this.isFailing = Boolean(error);
  }
}
