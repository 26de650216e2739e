/** What a limiter says about one hit. All times are milliseconds from now. */
export interface WindowResult {
  allowed: boolean;
  limit: number;
  /** Hits that would still be allowed at this moment. */
  remaining: number;
  /** Until a place frees, that is until the oldest hit that counts leaves the window. */
  resetMs: number;
  /** 0 when allowed. */
  retryAfterMs: number;
}

export function windowResult(allowed: boolean, limit: number, hits: number, resetMs: number): WindowResult {
  return {
    allowed,
    limit,
    remaining: Math.max(0, limit - hits),
    resetMs,
    retryAfterMs: allowed ? 0 : resetMs,
  };
}

const FIRST_CAPACITY = 8;

/** The hits of one key: a ring of times, oldest first, and the key's place in the list of all keys. */
class HitLog {
  older: HitLog = this;
  newer: HitLog = this;
  windowMs = 0;
  count = 0;
  private first = 0;
  // The capacity stays a power of two, so that positions wrap with a mask.
  private times = new Float64Array(FIRST_CAPACITY);

  constructor(readonly key: string) {}

  timeAt(index: number): number {
    return this.times[(this.first + index) & (this.times.length - 1)]!;
  }

  add(timeMs: number): void {
    if (this.count === this.times.length) this.grow();
    this.times[(this.first + this.count) & (this.times.length - 1)] = timeMs;
    this.count++;
  }

  dropExpired(nowMs: number): void {
    while (this.count > 0 && nowMs - this.timeAt(0) >= this.windowMs) {
      this.first = (this.first + 1) & (this.times.length - 1);
      this.count--;
    }
  }

  isIdle(nowMs: number): boolean {
    return this.count === 0 || nowMs - this.timeAt(this.count - 1) >= this.windowMs;
  }

  unlink(): void {
    this.older.newer = this.newer;
    this.newer.older = this.older;
  }

  linkBefore(next: HitLog): void {
    this.newer = next;
    this.older = next.older;
    this.older.newer = this;
    next.older = this;
  }

  private grow(): void {
    const grown = new Float64Array(this.times.length * 2);
    grown.set(this.times.subarray(this.first));
    grown.set(this.times.subarray(0, this.first), this.times.length - this.first);
    this.times = grown;
    this.first = 0;
  }
}

/**
 * An exact sliding log in this process: never more than `limit` hits of a key are allowed in any half-open
 * window of `windowMs`. Refused hits leave no trace. A key keeps to one `windowMs`; its limit may change.
 *
 * There is no timer: a hit drops what has left the window, and a new key drops up to two idle ones. Past
 * `maxKeys` the key least recently hit is forgotten even if it is not idle: memory goes before exactness.
 */
export class SlidingWindow {
  private readonly now: () => number;
  private readonly maxKeys: number;
  private readonly logs = new Map<string, HitLog>();
  /** Joins the two ends of the list of keys: `newer` is the key least recently hit, `older` the latest. */
  private readonly ends = new HitLog('');

  constructor(options: { now?: () => number; maxKeys?: number } = {}) {
    this.now = options.now ?? (() => performance.now());
    this.maxKeys = options.maxKeys ?? 100_000;
  }

  /** Keys in memory. */
  get size(): number {
    return this.logs.size;
  }

  hit(key: string, limit: number, windowMs: number): WindowResult {
    if (!(limit >= 1)) return windowResult(false, limit, 0, windowMs);

    const nowMs = this.now();
    const log = this.use(key, nowMs);
    log.windowMs = windowMs;
    log.dropExpired(nowMs);

    const allowed = log.count < limit;
    if (allowed) log.add(nowMs);
    // After the limit was lowered several hits have to leave before a place frees.
    const inTheWay = Math.max(0, log.count - limit);
    return windowResult(allowed, limit, log.count, windowMs - (nowMs - log.timeAt(inTheWay)));
  }

  /** Takes the latest hit of a key back, for a caller whose hit was refused elsewhere after it passed here. */
  release(key: string): void {
    const log = this.logs.get(key);
    if (log !== undefined && log.count > 0) log.count--;
  }

  private use(key: string, nowMs: number): HitLog {
    let log = this.logs.get(key);
    if (log === undefined) {
      this.makeRoom(nowMs);
      log = new HitLog(key);
      this.logs.set(key, log);
    } else if (log.newer === this.ends) {
      return log;
    } else {
      log.unlink();
    }
    log.linkBefore(this.ends);
    return log;
  }

  private makeRoom(nowMs: number): void {
    // Two looks per new key: the sweep is faster than the growth, and no single hit pays for many keys.
    for (let look = 0; look < 2; look++) {
      const oldest = this.ends.newer;
      if (oldest === this.ends) return;
      if (this.logs.size < this.maxKeys && !oldest.isIdle(nowMs)) return;
      oldest.unlink();
      this.logs.delete(oldest.key);
    }
  }
}
