export interface GroupBatcherOptions<Item, Result> {
  /** Writes a batch; its results are in the order of `items`. */
  write: (items: Item[]) => Promise<Result[]>;
  maxItems: number;
  maxBytes: number;
  sizeOf: (item: Item) => number;
  /** Batches under way at once. More than one starts only when `furtherAt` items or a whole batch are waiting. */
  maxFlushes: number;
  /** As many as a whole batch unless given. */
  furtherAt?: number;
  /** How long an item waits for company where nobody is in a hurry; 0 unless given. */
  lingerMs?: number;
}

interface Waiting<Item, Result> {
  item: Item;
  /** How many from here on are written in the same batch, whatever its limits are: 1 for an item by itself. */
  together: number;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/**
 * Group commit: items that arrive together are written together. With nothing under way an item is written at
 * once, so at low load a batch is one item; while writes are under way the next batch gathers by itself.
 */
export class GroupBatcher<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private bytes = 0;
  private flushes = 0;
  private lingering: NodeJS.Timeout | null = null;
  private whenIdle: (() => void)[] = [];

  constructor(private readonly options: GroupBatcherOptions<Item, Result>) {}

  /** Bytes that wait for a batch of their own. */
  get waitingBytes(): number {
    return this.bytes;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, together: 1, resolve, reject });
      this.bytes += this.options.sizeOf(item);
      if (this.options.lingerMs && !this.isFull) this.linger(this.options.lingerMs);
      else this.flushWhenUseful();
    });
  }

  /** Items that are written in one batch or not at all. */
  addTogether(items: readonly Item[]): Promise<Result[]> {
    const results = items.map(
      (item, index) =>
        new Promise<Result>((resolve, reject) => {
          this.waiting.push({ item, together: items.length - index, resolve, reject });
          this.bytes += this.options.sizeOf(item);
        }),
    );
    this.flushWhenUseful();
    return Promise.all(results);
  }

  /** Fails everything that waits and is not under way yet. */
  rejectWaiting(error: unknown): void {
    this.bytes = 0;
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  /** Resolves once nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    if (this.flushes > 0 || this.waiting.length > 0)
      await new Promise<void>((resolve) => this.whenIdle.push(resolve));
  }

  private get isFull(): boolean {
    return this.waiting.length >= this.options.maxItems || this.bytes >= this.options.maxBytes;
  }

  /** Whether a batch would be worth being written beside others. */
  private get isWorthMore(): boolean {
    return this.isFull || this.waiting.length >= (this.options.furtherAt ?? Infinity);
  }

  private linger(ms: number): void {
    this.lingering ??= setTimeout(() => {
      this.lingering = null;
      this.flushWhenUseful();
    }, ms);
  }

  private flushWhenUseful(): void {
    const isLate = this.flushes === 0 && this.lingering === null;
    if (this.waiting.length > 0 && (isLate || (this.isWorthMore && this.flushes < this.options.maxFlushes)))
      void this.flush(this.takeBatch());
    if (this.flushes === 0 && this.waiting.length === 0)
      for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  private takeBatch(): Waiting<Item, Result>[] {
    const { maxItems, maxBytes } = this.options;
    let count = 0;
    let taken = 0;
    while (count < this.waiting.length) {
      const { together } = this.waiting[count]!;
      const size = this.sizeOf(count, together);
      if (count > 0 && (count + together > maxItems || taken + size > maxBytes)) break;
      taken += size;
      count += together;
    }
    this.bytes -= taken;
    return this.waiting.splice(0, count);
  }

  private sizeOf(start: number, length: number): number {
    let size = 0;
    for (let at = start; at < start + length; at++) size += this.options.sizeOf(this.waiting[at]!.item);
    return size;
  }

  private async flush(batch: Waiting<Item, Result>[]): Promise<void> {
    this.flushes++;
    try {
      const results = await this.options.write(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index]!));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.flushes--;
      this.flushWhenUseful();
    }
  }
}
