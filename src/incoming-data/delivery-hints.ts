import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { JobsOptions, Queue } from 'bullmq';
import type { Logger } from 'pino';
import { failpoint } from '../common/fault-injection.js';
import { LOGGER } from '../common/logger.js';
import { DELIVERIES_QUEUE, type DeliveryJob, MAX_JOB_DELIVERIES, jobName } from '../delivery/contract.js';
import { type DueDelivery, toJob } from './due-delivery.js';

const MAX_UNANSWERED = 50;
const KEEP_EVERY_MS = 250;
/** Batches of this size mean load: they gather into fewer jobs, since a job costs the queue half a dozen statements. */
const BUSY_BATCH = 16;
const GATHER_MS = 15;
const GATHER_MAX = 250;

/**
 * Tells the workers through the queue what was just committed. Nobody waits for it and nothing depends on it:
 * a hint that is lost, refused or not sent costs its deliveries up to two seconds, until the sweeper finds them.
 */
@Injectable()
export class DeliveryHints {
  private gathered: DueDelivery[] = [];
  private timer: NodeJS.Timeout | null = null;
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

  send(deliveries: DueDelivery[]): void {
    if (deliveries.length === 0) return;
    this.gathered.push(...deliveries);
    if (this.gathered.length < BUSY_BATCH || this.gathered.length >= GATHER_MAX) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  private flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const deliveries = this.gathered;
    this.gathered = [];
    // A queue that hangs must not gather promises for ever.
    if (this.unanswered >= MAX_UNANSWERED) return;
    const jobs = toJobs(deliveries).map((data) => ({ name: jobName(data), data, opts: this.keeping() }));
    this.unanswered++;
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
