import type { Queue } from 'bullmq';

/** More than workers read in the time between two looks; what comes behind them, their sweepers find before its job is read. */
const LONG = 50;
const LOOK_AFTER_JOBS = 25;
/** What was seen so long ago says nothing. */
const KNOWN_MS = 1000;

/** Whether more jobs wait than is any use, as far as this process knows. */
export class QueueLength {
  private long = false;
  /** performance.now() */
  private lookedAt = -Infinity;
  private addedSince = 0;
  private isLooking = false;

  constructor(private readonly queue: Pick<Queue, 'getWaitingCount'>) {}

  get isLong(): boolean {
    return this.long && performance.now() - this.lookedAt < KNOWN_MS;
  }

  /** So many jobs were added. Now and then they are reason to look. */
  added(jobs: number): void {
    this.addedSince += jobs;
    if (this.addedSince >= LOOK_AFTER_JOBS) void this.look();
  }

  /** Never rejects: a queue that does not answer is for whoever adds to it to complain of. */
  async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    this.addedSince = 0;
    this.long = (await this.queue.getWaitingCount().catch(() => 0)) >= LONG;
    this.lookedAt = performance.now();
    this.isLooking = false;
  }
}
