import type { Cluster, Redis } from 'ioredis';
import { windowResult, type WindowResult } from './sliding-window.js';

export type RedisClient = Redis | Cluster;

/**
 * A list per key holds the times of the allowed hits, oldest first, in microseconds of the server's clock.
 * Lists pack these integers into about 10 bytes each; a sorted set would take ten times that.
 * The key expires 1 ms late, because PEXPIRE counts whole milliseconds.
 */
const HIT_SCRIPT = `
local key, limit, window = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- The server's clock can be set back: wait for it within one window, forget the hits beyond that.
local newest = tonumber(redis.call('LINDEX', key, -1) or 0)
if newest - now > window then
  redis.call('DEL', key)
elseif newest > now then
  now = newest
end

local oldest = redis.call('LINDEX', key, 0)
while oldest and now - oldest >= window do
  redis.call('LPOP', key)
  oldest = redis.call('LINDEX', key, 0)
end

local count = redis.call('LLEN', key)
local allowed = count < limit
if allowed then
  count = redis.call('RPUSH', key, string.format('%.0f', now))
  redis.call('PEXPIRE', key, math.ceil(window / 1000) + 1)
end
local inTheWay = redis.call('LINDEX', key, math.max(0, count - limit))
return { allowed and 1 or 0, count, window - (now - inTheWay) }
`;

interface ScriptedClient {
  slidingWindowHit(key: string, limit: number, windowMicros: number): Promise<[0 | 1, number, number]>;
}

/**
 * The sliding log of `SlidingWindow`, shared by every process on one Redis: one command per hit, the server's
 * clock. Rejects when Redis does, and waits as long as the client waits; the caller brings the timeout.
 * A wiped Redis has forgotten the hits; a clock set forward lets them leave early.
 */
export class RedisSlidingWindow {
  private readonly client: ScriptedClient;

  constructor(
    redis: RedisClient,
    private readonly keyPrefix = 'data-pusher:limit:',
  ) {
    redis.defineCommand('slidingWindowHit', { numberOfKeys: 1, lua: HIT_SCRIPT });
    this.client = redis as unknown as ScriptedClient;
  }

  async hit(key: string, limit: number, windowMs: number): Promise<WindowResult> {
    if (!(limit >= 1)) return windowResult(false, limit, 0, windowMs);

    const windowMicros = Math.ceil(windowMs * 1000);
    const [allowed, hits, resetMicros] = await this.client.slidingWindowHit(
      this.keyPrefix + key,
      limit,
      windowMicros,
    );
    return windowResult(allowed === 1, limit, hits, resetMicros / 1000);
  }
}
