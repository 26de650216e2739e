/** Lets a few at a time do something costly; the others wait their turn, as long as not too many do already. */
export class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly limits: { atOnce: number; waiting: number },
    /** What the first who may not even wait is told. */
    private readonly tooMany: () => Error,
  ) {}

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.limits.atOnce) this.running++;
    else await this.waitForTurn();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }

  private waitForTurn(): Promise<void> {
    if (this.waiting.length >= this.limits.waiting) throw this.tooMany();
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
