import type { ThrottlerStorage } from '@nestjs/throttler';
import { RedisSlidingWindow, type RedisClient } from './redis-sliding-window.js';
import { SlidingWindow, type WindowResult } from './sliding-window.js';

type ThrottlerStorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

export interface AccountThrottlerOptions {
  /** A client that connects by itself. Without one, every limit is per process. */
  redis?: RedisClient;
  /** Receives one line each time the limits become per process, or shared again. */
  log?: (line: string) => void;
  /** Monotonic milliseconds. */
  now?: () => number;
}

const REDIS_TIMEOUT_MS = 100;
const PROBE_EVERY_MS = 1_000;

/**
 * Rate limits as exact sliding logs, in process and, where a Redis client is given, shared through Redis.
 *
 * Every hit passes the window of this process first; what that allows is put to Redis, whose refusal counts.
 * So a flood that this process refuses costs Redis nothing, and a Redis that was wiped or has just come back
 * cannot let this process accept more than the limit.
 *
 * Failure policy: while Redis is not connected, fails, or has not answered within 100 ms, **the limit is per
 * process** (n processes may accept n times the limit) and nobody is refused on its account. From the first
 * failure on no request waits for Redis; once a second the hit of one is sent along to find out whether Redis
 * is back. Nothing here throws or rejects.
 */
export class AccountThrottlerStorage implements ThrottlerStorage {
  private readonly now: () => number;
  private readonly local: SlidingWindow;
  private readonly shared?: RedisSlidingWindow;
  private isShared = true;
  private nextProbeAtMs = 0;

  constructor(private readonly options: AccountThrottlerOptions = {}) {
    this.now = options.now ?? (() => performance.now());
    this.local = new SlidingWindow({ now: this.now });
    if (options.redis) this.shared = new RedisSlidingWindow(options.redis, { timeoutMs: REDIS_TIMEOUT_MS });
  }

  /** True while limits that should be shared are per process. */
  get isFallback(): boolean {
    return this.shared !== undefined && !this.isShared;
  }

  /**
   * For Nest's guard: times are whole seconds, rounded up. `blockDurationMs` has no effect: a refused client is
   * welcome again as soon as the window has a place, and Nest would otherwise set it to the whole window.
   */
  async increment(
    key: string,
    ttlMs: number,
    limit: number,
    _blockDurationMs: number,
    throttlerName: string,
  ): Promise<ThrottlerStorageRecord> {
    const result = await this.hit(`${throttlerName}:${key}`, limit, ttlMs);
    return {
      totalHits: result.allowed ? limit - result.remaining : limit + 1,
      timeToExpire: Math.ceil(result.resetMs / 1000),
      isBlocked: !result.allowed,
      timeToBlockExpire: Math.ceil(result.retryAfterMs / 1000),
    };
  }

  /** At once, unless Redis is asked. */
  hit(key: string, limit: number, windowMs: number): WindowResult | Promise<WindowResult> {
    const local = this.local.hit(key, limit, windowMs);
    if (!local.allowed || this.shared === undefined) return local;
    if (this.isShared) return this.hitShared(local, key, limit, windowMs);
    this.probe(key, limit, windowMs);
    return local;
  }

  private async hitShared(
    local: WindowResult,
    key: string,
    limit: number,
    windowMs: number,
  ): Promise<WindowResult> {
    const shared = await this.askRedis(key, limit, windowMs);
    if (shared === null) return local;
    if (!shared.allowed) this.local.release(key);
    return shared.remaining <= local.remaining ? shared : local;
  }

  private probe(key: string, limit: number, windowMs: number): void {
    if (this.now() < this.nextProbeAtMs) return;
    this.nextProbeAtMs = this.now() + PROBE_EVERY_MS;
    void this.askRedis(key, limit, windowMs);
  }

  private async askRedis(key: string, limit: number, windowMs: number): Promise<WindowResult | null> {
    try {
      // A command to a client that is not ready would be queued and counted much later.
      const status = this.options.redis!.status;
      if (status !== 'ready') throw new Error(`connection ${status}`);
      const result = await this.shared!.hit(key, limit, windowMs);
      this.change(true, 'rate limits: shared through Redis again');
      return result;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.change(false, `rate limits: per process, Redis is not available (${reason})`);
      return null;
    }
  }

  private change(isShared: boolean, line: string): void {
    if (this.isShared === isShared) return;
    this.isShared = isShared;
    this.nextProbeAtMs = this.now() + PROBE_EVERY_MS;
    this.options.log?.(line);
  }
}
