import { type Linked, LinkedList } from '../common/linked-list.js';

/** What a destination allows. */
export interface LaneLimits {
  maxInFlight: number;
  rateLimitPerSecond: number | null;
  /** Changes with every edit. */
  version: number;
}

export interface Place extends Linked<Place> {
  /** performance.now() */
  takenAt: number;
}

/** Waiting longer than this in memory is no use: the delivery is put back and claimed again when there is room. */
const MAX_WAIT_MS = 2000;
/** After which an idle destination that answers quickly is taken for a new one. */
const FORGET_MS = 10_000;
const SMOOTHING = 0.1;
const FIRST_GUESS_MS = 20;
const SLOW_MS = 1000;

/**
 * The way to one destination. It has places and a pace of its own, so what waits for a slow or paced
 * destination waits here and takes nothing from the others.
 */
export class Lane {
  private readonly places = new LinkedList<Place>();
  private waiting: ((place: Place | null) => void)[] = [];
  private usualMs = FIRST_GUESS_MS;
  private notBefore = 0;
  private lastUse = performance.now();
  private timer: NodeJS.Timeout | null = null;

  constructor(private limits: LaneLimits) {}

  /** Whoever edited or resumed the destination wants it tried again: what it asked for before is forgotten. */
  update(limits: LaneLimits): void {
    if (limits.version !== this.limits.version) this.notBefore = 0;
    this.limits = limits;
    this.admit();
  }

  /** How many more would not have to wait too long. @param now performance.now(), read once for thousands of lanes */
  room(now: number): number {
    const { maxInFlight, rateLimitPerSecond } = this.limits;
    const waitMs = MAX_WAIT_MS - Math.max(0, this.notBefore - now);
    if (waitMs <= 0) return 0;
    const inTime = Math.floor((waitMs / Math.max(this.usualMs, this.oldestMs(now), 1)) * maxInFlight);
    const inPace = rateLimitPerSecond ? (waitMs * rateLimitPerSecond) / 1000 - this.waiting.length : Infinity;
    return Math.max(0, Math.floor(Math.min(Math.max(inTime, maxInFlight) - this.size, inPace)));
  }

  /** Deliveries that are under way or wait. */
  get size(): number {
    return this.places.size + this.waiting.length;
  }

  get isWaitedFor(): boolean {
    return this.waiting.length > 0;
  }

  /** True when the destination takes long to answer, or has not answered for long. */
  isSlow(now: number): boolean {
    return this.usualMs > SLOW_MS || this.oldestMs(now) > SLOW_MS;
  }

  /** True when nothing is under way and nothing stands in the way of the next. */
  isIdle(now: number): boolean {
    return this.size === 0 && this.notBefore <= now;
  }

  /** True when nothing is known of the destination that would not be assumed of a new one. */
  isForgettable(now: number): boolean {
    return this.isIdle(now) && this.lastUse + FORGET_MS < now && !this.isSlow(now);
  }

  /** Starts nothing for `ms`, as the destination asked with Retry-After. */
  slowDown(ms: number): void {
    this.notBefore = Math.max(this.notBefore, performance.now() + ms);
  }

  /** A place that is free right now, or null. */
  tryEnter(): Place | null {
    const now = performance.now();
    const { maxInFlight, rateLimitPerSecond } = this.limits;
    if (this.waiting.length > 0 || this.places.size >= maxInFlight || this.notBefore > now) return null;
    if (rateLimitPerSecond) this.notBefore = now + 1000 / rateLimitPerSecond;
    return this.take(now);
  }

  /** Waits for a place; null when waiting is no use. */
  enter(): Promise<Place | null> {
    return new Promise<Place | null>((resolve) => {
      this.waiting.push(resolve);
      this.admit();
      this.shed();
    });
  }

  leave(place: Place): void {
    this.places.remove(place);
    this.lastUse = performance.now();
    this.usualMs += SMOOTHING * (this.lastUse - place.takenAt - this.usualMs);
    this.admit();
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
    const eachMs = Math.max(this.usualMs, this.oldestMs(now));
    const isFree = this.places.size < maxInFlight && this.waiting.length === 0;
    const placeMs = isFree ? 0 : ((this.places.size + this.waiting.length) / maxInFlight) * eachMs;
    const paceMs = rateLimitPerSecond ? (this.waiting.length * 1000) / rateLimitPerSecond : 0;
    return Math.max(placeMs, paceMs) + Math.max(0, this.notBefore - now);
  }

  private oldestMs(now: number): number {
    const oldest = this.places.first;
    return oldest ? now - oldest.takenAt : 0;
  }

  private admit(): void {
    while (this.waiting.length > 0 && this.places.size < this.limits.maxInFlight) {
      const now = performance.now();
      if (this.notBefore > now) return this.admitLater(this.notBefore - now);
      if (this.limits.rateLimitPerSecond) this.notBefore = now + 1000 / this.limits.rateLimitPerSecond;
      this.waiting.shift()!(this.take(now));
    }
  }

  private take(now: number): Place {
    const place = { takenAt: now, previous: null, next: null };
    this.places.add(place);
    return place;
  }

  private admitLater(waitMs: number): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.admit();
    }, waitMs);
  }
}
