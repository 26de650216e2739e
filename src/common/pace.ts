const SECOND_MS = 1000;

/** Lets so many things a second pass and counts what it holds back. For what somebody reads, never for what must happen. */
export class Pace {
  private windowEndsAt = 0;
  private left = 0;
  private heldBack = 0;

  constructor(private readonly perSecond: number) {}

  /** @returns how many were held back since the last one that passed, or null to hold this one back. */
  pass(now = performance.now()): number | null {
    if (now >= this.windowEndsAt) {
      this.windowEndsAt = now + SECOND_MS;
      this.left = this.perSecond;
    }
    if (this.left === 0) {
      this.heldBack++;
      return null;
    }
    this.left--;
    const { heldBack } = this;
    this.heldBack = 0;
    return heldBack;
  }
}
