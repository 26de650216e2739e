import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppConfig } from '../config/app-config.js';
import { DELIVERIES_QUEUE, type DeliveryJob } from './contract.js';
import { type Settled, describeTarget } from './settled.js';

const MAX_UNANSWERED = 10;
const MAX_PER_TURN = 100;

/**
 * Shows every retry as a delayed job of its own, so that an operator sees it coming and may promote it. The
 * sweeper makes the retry where the job is missing, so adding them is best effort and bounded.
 */
@Injectable()
export class RetryHints {
  private gathered: Settled[] = [];
  private unanswered = 0;

  constructor(
    @InjectQueue(DELIVERIES_QUEUE) private readonly queue: Queue<DeliveryJob>,
    private readonly config: AppConfig,
  ) {
    // Reported by the processor; without a listener BullMQ prints to the console.
    queue.on('error', () => undefined);
  }

  send(settled: Settled): void {
    if (this.gathered.length >= MAX_PER_TURN || this.unanswered >= MAX_UNANSWERED) return;
    if (this.gathered.push(settled) === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const jobs = this.gathered.map((settled) => this.toJob(settled));
    this.gathered = [];
    this.unanswered++;
    void this.queue
      .addBulk(jobs)
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
    return { name, data, opts: { delay: delayMs } };
  }
}
