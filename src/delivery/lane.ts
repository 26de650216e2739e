/** What a destination allows. */
export interface LaneLimits {
  maxInFlight: number;
  rateLimitPerSecond: number | null;
  /** Changes with every edit. */
  version: number;
}

interface Place {
  /** performance.now() */
  takenAt: number;
}

/** Waiting longer than this in memory is no use: the delivery is put back and claimed again when there is room. */
const MAX_WAIT_MS = 2000;
const SMOOTHING = 0.1;
const FIRST_GUESS_MS = 20;

/**
 * The way to one destination. It has places and a pace of its own, so what waits for a slow or paced
 * destination waits here and takes nothing from the others.
 */
export class Lane {
  private readonly places = new Set<Place>();
  private waiting: ((place: Place | null) => void)[] = [];
  private usualMs = FIRST_GUESS_MS;
  private notBefore = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(private limits: LaneLimits) {}

  /** Whoever edited or resumed the destination wants it tried again: what it asked for before is forgotten. */
  update(limits: LaneLimits): void {
    if (limits.version !== this.limits.version) this.notBefore = 0;
    this.limits = limits;
    this.admit();
  }

  /** True when what is claimed now would wait too long. */
  get isFull(): boolean {
    return this.waitMs > MAX_WAIT_MS;
  }

  get isIdle(): boolean {
    return this.places.size === 0 && this.waiting.length === 0 && this.notBefore < performance.now();
  }

  /** Starts nothing for `ms`, as the destination asked with Retry-After. */
  slowDown(ms: number): void {
    this.notBefore = Math.max(this.notBefore, performance.now() + ms);
  }

  /**
   * Waits for a place.
   * @returns a function that gives the place back, or null when waiting is no use.
   */
  async enter(): Promise<(() => void) | null> {
    const place = await new Promise<Place | null>((resolve) => {
      this.waiting.push(resolve);
      this.admit();
      this.shed();
    });
    return place && (() => this.leave(place));
  }

  /** Sends away what would wait too long. Called by time, because a destination that hangs says nothing. */
  shed(): void {
    while (this.waiting.length > 0 && this.waitMs > MAX_WAIT_MS) this.waiting.pop()!(null);
  }

  /** Sends away everything that waits; nothing more is started. */
  close(): void {
    if (this.timer) clearTimeout(this.timer);
    for (const resolve of this.waiting.splice(0)) resolve(null);
  }

  /** Expected wait of one more delivery. */
  get waitMs(): number {
    const now = performance.now();
    const { maxInFlight, rateLimitPerSecond } = this.limits;
    const oldest = this.places.values().next().value;
    const eachMs = Math.max(this.usualMs, oldest ? now - oldest.takenAt : 0);
    const isFree = this.places.size < maxInFlight && this.waiting.length === 0;
    const placeMs = isFree ? 0 : ((this.places.size + this.waiting.length) / maxInFlight) * eachMs;
    const paceMs = rateLimitPerSecond ? (this.waiting.length * 1000) / rateLimitPerSecond : 0;
    return Math.max(placeMs, paceMs) + Math.max(0, this.notBefore - now);
  }

  private leave(place: Place): void {
    this.places.delete(place);
    this.usualMs += SMOOTHING * (performance.now() - place.takenAt - this.usualMs);
    this.admit();
  }

  private admit(): void {
    while (this.waiting.length > 0 && this.places.size < this.limits.maxInFlight) {
      const now = performance.now();
      if (this.notBefore > now) return this.admitLater(this.notBefore - now);
      if (this.limits.rateLimitPerSecond) this.notBefore = now + 1000 / this.limits.rateLimitPerSecond;
      const place = { takenAt: now };
      this.places.add(place);
      this.waiting.shift()!(place);
    }
  }

  private admitLater(waitMs: number): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.admit();
    }, waitMs);
  }
}
