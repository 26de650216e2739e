import type { Settled } from './settled.js';

/** Deliveries that were started together, for whoever tells what came of them. */
export class Batch {
  readonly settled: Settled[] = [];
  private whenDone: (() => void) | null = null;

  constructor(private size: number) {}

  get started(): number {
    return this.size;
  }

  /** Deliveries of the same job that were started later. */
  grow(more: number): void {
    this.size += more;
  }

  add(settled: Settled): void {
    this.settled.push(settled);
    if (this.settled.length === this.size) this.whenDone?.();
  }

  /** What settles within `ms`; the others go on without the batch. */
  async settledWithin(ms: number): Promise<readonly Settled[]> {
    if (this.settled.length < this.size) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.whenDone = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
      this.whenDone = null;
    }
    return [...this.settled];
  }
}
