/** Of the payloads of what is taken on. */
const MAX_BYTES = 128 * 1024 * 1024;
const ENOUGH = 100;

/** How many deliveries a process takes on. Room is reserved first, and given back when what filled it is settled. */
export class Room {
  private taken = 0;
  private bytes = 0;
  private isClosed = false;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly size: number) {}

  get left(): number {
    return this.isClosed || this.bytesLeft <= 0 ? 0 : Math.max(0, this.size - this.taken);
  }

  get bytesLeft(): number {
    return MAX_BYTES - this.bytes;
  }

  get inUse(): number {
    return this.taken;
  }

  reserve(count: number): void {
    this.taken += count;
  }

  /**
   * Waits for room and reserves up to `wanted` of it; 0 once it is closed. A little room is not enough for many:
   * claiming a few at a time costs the database a statement for each few.
   */
  async take(wanted: number): Promise<number> {
    const enough = Math.min(wanted, this.size / 10, ENOUGH);
    while (this.left < enough && !this.isClosed) await this.changed();
    const count = Math.min(wanted, this.left);
    this.reserve(count);
    return count;
  }

  /** A place that was reserved is filled by a payload of so many bytes. */
  fill(bytes: number): void {
    this.bytes += bytes;
  }

  /** Gives such a place back. */
  empty(bytes: number): void {
    this.bytes -= bytes;
    this.giveBack(1);
  }

  /** Gives back what was reserved and not filled. */
  giveBack(count: number): void {
    this.taken -= count;
    if (this.waiting.length > 0) for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** Resolves when some is given back, or none will be given any more. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Gives no room any more. */
  close(): void {
    this.isClosed = true;
    this.giveBack(0);
  }

  /** Resolves once nothing is in it. */
  async emptied(): Promise<void> {
    while (this.taken > 0) await this.changed();
  }
}
