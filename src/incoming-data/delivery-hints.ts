import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { JobsOptions, Queue } from 'bullmq';
import type { Logger } from 'pino';
import { failpoint } from '../common/fault-injection.js';
import { LOGGER } from '../common/logger.js';
import { DELIVERIES_QUEUE, type DeliveryJob, MAX_JOB_DELIVERIES, jobName } from '../delivery/contract.js';
import { type DueDelivery, toJob, toUnnamedJob } from './due-delivery.js';
import { QueueLength } from './queue-length.js';

const MAX_UNANSWERED = 50;
const KEEP_EVERY_MS = 250;
/** Batches of this size mean load: they gather into fewer jobs, since a job costs the queue half a dozen statements. */
const BUSY_BATCH = 16;
const GATHER_MS = 15;
const GATHER_MAX = 250;
/** While the queue is long. */
const LOOK_EVERY_MS = 200;

/**
 * Tells the workers through the queue what was just committed. Nobody waits for it and nothing depends on it:
 * a hint that is lost, refused or not sent costs its deliveries up to two seconds, until the sweeper finds them.
 * A queue that is long is sent no more of them until it was read: then one job says that there is something to find.
 */
@Injectable()
export class DeliveryHints implements OnApplicationShutdown {
  private gathered: DueDelivery[] = [];
  /** Says how much came while the queue was long. */
  private held: DeliveryJob | null = null;
  private readonly length: QueueLength;
  private gathering: NodeJS.Timeout | null = null;
  private looking: NodeJS.Timeout | null = null;
  private unanswered = 0;
  private isFailing = false;
  private failures = 0;
  private nextKeptAt = 0;

  constructor(
    @InjectQueue(DELIVERIES_QUEUE) private readonly queue: Queue<DeliveryJob>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.length = new QueueLength(queue);
    queue.on('error', (error) => this.report(error));
  }

  send(deliveries: DueDelivery[]): void {
    if (deliveries.length === 0) return;
    if (this.length.isLong) return this.hold(deliveries);
    this.gathered.push(...deliveries);
    if (this.gathered.length < BUSY_BATCH || this.gathered.length >= GATHER_MAX) this.flush();
    else this.gathering ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  /** What is not sent by now is found without it. */
  onApplicationShutdown(): void {
    this.stopTimers();
    this.gathered = [];
    this.held = null;
  }

  private hold(deliveries: DueDelivery[]): void {
    this.held = toUnnamedJob(this.held, deliveries);
    this.lookSoon();
  }

  /** At once where the last look is long ago. */
  private lookSoon(): void {
    const waitMs = this.length.lookedAt + LOOK_EVERY_MS - performance.now();
    this.looking ??= setTimeout(() => void this.lookAgain(), Math.max(0, waitMs));
  }

  private async lookAgain(): Promise<void> {
    await this.length.look();
    this.looking = null;
    if (this.held === null) return;
    if (this.length.isLong) this.lookSoon();
    else this.flush();
  }

  private flush(): void {
    this.stopTimers();
    const jobs = [...(this.held ? [this.held] : []), ...toJobs(this.gathered)];
    this.gathered = [];
    this.held = null;
    if (jobs.length > 0) this.add(jobs.map((data) => ({ name: jobName(data), data, opts: this.keeping() })));
  }

  private stopTimers(): void {
    for (const timer of [this.gathering, this.looking]) if (timer) clearTimeout(timer);
    this.gathering = null;
    this.looking = null;
  }

  private add(jobs: { name: string; data: DeliveryJob; opts: JobsOptions }[]): void {
    // A queue that hangs must not gather promises for ever.
    if (this.unanswered >= MAX_UNANSWERED) return;
    this.unanswered++;
    this.length.added(jobs.length);
    void failpoint('queue.before_add');
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
      this.logger.warn({ err: error }, 'queue.unavailable: deliveries are up to two seconds late');
    this.isFailing = true;
  }
}

function toJobs(deliveries: DueDelivery[]): DeliveryJob[] {
  const jobs: DeliveryJob[] = [];
  for (let start = 0; start < deliveries.length; start += MAX_JOB_DELIVERIES)
    jobs.push(toJob(deliveries.slice(start, start + MAX_JOB_DELIVERIES)));
  return jobs;
}
