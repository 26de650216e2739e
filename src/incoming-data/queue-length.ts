import type { Queue } from 'bullmq';

/** More jobs than a worker has use for when it comes back: the sweepers find what is behind them. */
export const LONG_QUEUE = 50;
const LOOK_AFTER_JOBS = 25;

/** Whether so many jobs wait that more are no use, as far as this process knows. */
export class QueueLength {
  isLong = false;
  /** performance.now() */
  lookedAt = -Infinity;
  private addedSince = 0;
  private isLooking = false;

  constructor(private readonly queue: Pick<Queue, 'getRanges'>) {}

  /** So many jobs were added. Now and then they are reason to look. */
  added(jobs: number): void {
    this.addedSince += jobs;
    if (this.addedSince >= LOOK_AFTER_JOBS) void this.look();
  }

  /**
   * Asks for the last job that there may be: counting them reads every job that the queue keeps. Never rejects: a
   * queue that does not answer is taken for what it was.
   */
  async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    this.addedSince = 0;
    const last = LONG_QUEUE - 1;
    const found = await this.queue.getRanges(['waiting'], last, last).catch(() => null);
    if (found) this.isLong = found.length > 0;
    this.lookedAt = performance.now();
    this.isLooking = false;
  }
}
