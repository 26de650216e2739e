import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Pace } from '../common/pace.js';
import { AppConfig } from '../config/app-config.js';
import { DELIVERIES_QUEUE, type DeliveryJob } from './contract.js';
import { type Settled, describeTarget } from './settled.js';

/** Enough to read. A job for each of a thousand failures a second would cost the queue more than the retries. */
const MAX_PER_SECOND = 5;
const MAX_AT_ONCE = 20;
const MAX_UNANSWERED = 20;

/**
 * Shows retries as delayed jobs of their own, so that an operator sees them coming and may promote them. The
 * sweeper makes the retry where the job is missing, so adding them is best effort, and a sample when there are many.
 */
@Injectable()
export class RetryHints {
  private unanswered = 0;
  private readonly pace = new Pace(MAX_PER_SECOND, MAX_AT_ONCE);

  constructor(
    @InjectQueue(DELIVERIES_QUEUE) private readonly queue: Queue<DeliveryJob>,
    private readonly config: AppConfig,
  ) {
    // Reported by the processor; without a listener BullMQ prints to the console.
    queue.on('error', () => undefined);
  }

  send(settled: Settled): void {
    if (this.unanswered >= MAX_UNANSWERED || this.pace.pass() === null) return;
    const { name, data, options } = this.toJob(settled);
    this.unanswered++;
    // Not in bulk: on PostgreSQL one takes four times as long by addBulk as by add, ten take the same either way.
    void this.queue
      .add(name, data, options)
      .catch(() => undefined)
      .finally(() => this.unanswered--);
  }

  private toJob({ delivery, destination, attempts, delayMs, outcome }: Settled) {
    const account = { id: delivery.accountId, name: destination?.accountName ?? delivery.accountId };
    const data: DeliveryJob = {
      accounts: [account],
      events: 1,
      event_id: delivery.eventId,
      delivery_ids: [delivery.id],
      attempts,
      last_error: outcome?.error ?? null,
    };
    const maxAttempts = this.config.env.RETRY_SCHEDULE.length;
    const name = `${account.name} · attempt ${attempts + 1} of ${maxAttempts} · ${describeTarget(destination)}`;
    return { name, data, options: { delay: delayMs } };
  }
}
