import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { JobsOptions, Queue } from 'bullmq';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { DELIVERIES_QUEUE, type DeliveryJob, MAX_JOB_DELIVERIES } from '../delivery/contract.js';
import type { EventToAccept } from './accept-statement.js';

const MAX_UNANSWERED = 50;
const KEEP_EVERY_MS = 250;

/**
 * Tells the workers through the queue what was just committed. Nobody waits for it and nothing depends on it:
 * a hint that is lost, refused or not sent costs its deliveries the second until the sweeper finds them.
 */
@Injectable()
export class DeliveryHints {
  private unanswered = 0;
  private isFailing = false;
  private failures = 0;
  private nextKeptAt = 0;

  constructor(
    @InjectQueue(DELIVERIES_QUEUE) private readonly queue: Queue<DeliveryJob>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    queue.on('error', (error) => this.report(error));
  }

  send(events: EventToAccept[]): void {
    // A queue that hangs must not gather promises for ever.
    if (this.unanswered >= MAX_UNANSWERED) return;
    const jobs = toJobs(events).map((data) => ({ name: describe(data), data, opts: this.keeping() }));
    if (jobs.length === 0) return;
    this.unanswered++;
    const failuresBefore = this.failures;
    const adding =
      jobs.length === 1
        ? this.queue.add(jobs[0]!.name, jobs[0]!.data, jobs[0]!.opts)
        : this.queue.addBulk(jobs);
    (adding as Promise<unknown>)
      .then(
        () => this.recovered(failuresBefore),
        (error: Error) => this.report(error),
      )
      .finally(() => this.unanswered--);
  }

  /**
   * Whether the board shows the job after it is done. Keeping every one took a quarter of the throughput, so
   * that of many it is a sample; jobs that failed are always kept.
   */
  private keeping(): JobsOptions {
    if (performance.now() < this.nextKeptAt) return { removeOnComplete: true };
    this.nextKeptAt = performance.now() + KEEP_EVERY_MS;
    return {};
  }

  /** An answer to what was sent before the last failure says nothing. */
  private recovered(failuresBefore: number): void {
    if (failuresBefore !== this.failures) return;
    if (this.isFailing) this.logger.info('queue.recovered');
    this.isFailing = false;
  }

  /** One line when it begins, not one per event. */
  private report(error: Error): void {
    this.failures++;
    if (!this.isFailing)
      this.logger.warn({ err: error }, 'queue.unavailable: deliveries are up to a second late');
    this.isFailing = true;
  }
}

function toJobs(events: EventToAccept[]): DeliveryJob[] {
  const due = events.flatMap((event) =>
    event.deliveries.filter((delivery) => !delivery.isHeld).map((delivery) => ({ id: delivery.id, event })),
  );
  const jobs: DeliveryJob[] = [];
  for (let start = 0; start < due.length; start += MAX_JOB_DELIVERIES) {
    const part = due.slice(start, start + MAX_JOB_DELIVERIES);
    const accounts = new Map(part.map(({ event }) => [event.accountId, event.accountName]));
    jobs.push({
      accounts: [...accounts].map(([id, name]) => ({ id, name })),
      events: new Set(part.map(({ event }) => event.id)).size,
      delivery_ids: part.map(({ id }) => id),
      attempts: 0,
    });
  }
  return jobs;
}

/** The name an operator reads on the board. */
function describe({ accounts, events, delivery_ids }: DeliveryJob): string {
  const who = accounts.length === 1 ? accounts[0]!.name : `${accounts.length} accounts`;
  return `${who} · ${count(events, 'event')} · ${count(delivery_ids.length, 'delivery')}`;
}

function count(number: number, noun: 'event' | 'delivery'): string {
  if (number === 1) return `1 ${noun}`;
  return noun === 'event' ? `${number} events` : `${number} deliveries`;
}
