/**
 * Lets a burst pass and then so many a second, and counts what it holds back. For what somebody reads, never for what must
 * happen.
 */
export class Pace {
  private left: number;
  private countedAt = performance.now();
  private heldBack = 0;

  constructor(
    private readonly perSecond: number,
    private readonly burst = perSecond,
  ) {
    this.left = burst;
  }

  /** @returns how many were held back since the last one that passed, or null to hold this one back. */
  pass(now = performance.now()): number | null {
    this.left = Math.min(this.burst, this.left + ((now - this.countedAt) * this.perSecond) / 1000);
    this.countedAt = now;
    if (this.left < 1) {
      this.heldBack++;
      return null;
    }
    this.left--;
    const { heldBack } = this;
    this.heldBack = 0;
    return heldBack;
  }
}
