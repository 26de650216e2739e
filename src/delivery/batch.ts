import type { Settled } from './settled.js';

/** Failures beyond these are only counted: a batch may be large, and it keeps what it tells of in memory. */
const MAX_TOLD = 5;

/** What became of deliveries that were started together, for whoever tells of it. */
export class Batch {
  /** The first that failed, now or for good. */
  readonly failures: Settled[] = [];
  private readonly counts = new Map<Settled['next'], number>();
  private settled = 0;
  private whenDone: (() => void) | null = null;

  constructor(private size: number) {}

  get started(): number {
    return this.size;
  }

  get underWay(): number {
    return this.size - this.settled;
  }

  count(next: Settled['next']): number {
    return this.counts.get(next) ?? 0;
  }

  /** Deliveries of the same job that were started later. */
  grow(more: number): void {
    this.size += more;
  }

  add(settled: Settled): void {
    const { next } = settled;
    this.settled++;
    this.counts.set(next, this.count(next) + 1);
    if ((next === 'retry' || next === 'failed') && this.failures.length < MAX_TOLD)
      this.failures.push(settled);
    if (this.underWay === 0) this.whenDone?.();
  }

  /** Resolves when all are settled, or after `ms`: the others then go on without the batch. */
  async settledWithin(ms: number): Promise<void> {
    if (this.underWay === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.whenDone = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.whenDone = null;
  }
}
