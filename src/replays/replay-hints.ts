import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Pace } from '../common/pace.js';
import { DELIVERIES_QUEUE, type DeliveryJob, jobName } from '../delivery/contract.js';

const MAX_UNANSWERED = 10;
/** Of what a recovery makes the board keeps a sample. */
const KEPT_PER_SECOND = 4;

/** Tells the workers through the queue what is due again. Best effort: what no job names waits for the sweeper. */
@Injectable()
export class ReplayHints {
  private unanswered = 0;
  private readonly pace = new Pace(KEPT_PER_SECOND);

  constructor(@InjectQueue(DELIVERIES_QUEUE) private readonly queue: Queue<DeliveryJob>) {
    // Reported by whoever accepts or delivers; without a listener BullMQ prints to the console.
    queue.on('error', () => undefined);
  }

  send(account: { id: string; name: string }, events: number, deliveryIds: string[]): void {
    if (deliveryIds.length === 0 || this.unanswered >= MAX_UNANSWERED) return;
    const job: DeliveryJob = { accounts: [account], events, delivery_ids: deliveryIds, attempts: 0 };
    const options = this.pace.pass() === null ? { removeOnComplete: true } : {};
    this.unanswered++;
    void this.queue
      .add(`Replay · ${jobName(job)}`, job, options)
      .catch(() => undefined)
      .finally(() => this.unanswered--);
  }
}
