import type { Cluster, Redis } from 'ioredis';
import { GroupBatcher } from '../../common/group-batcher.js';
import { windowResult, type WindowResult } from './sliding-window.js';

export type RedisClient = Redis | Cluster;

/**
 * A list per key holds the times of the allowed hits, oldest first, in microseconds of the server's clock.
 * Lists pack these integers into about 10 bytes each; a sorted set would take ten times that.
 * The key expires 1 ms late, because PEXPIRE counts whole milliseconds.
 */
const HIT_SCRIPT = `
local time = redis.call('TIME')
local clock = time[1] * 1000000 + time[2]

local function hit(key, limit, window)
  local now = clock
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
end

local results = {}
for i, key in ipairs(KEYS) do
  results[i] = hit(key, tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i]))
end
return results
`;

interface Hit {
  key: string;
  limit: number;
  windowMicros: number;
}

type HitAnswer = [allowed: 0 | 1, hits: number, resetMicros: number];

interface ScriptedClient {
  slidingWindowHits(numberOfKeys: number, ...keysAndArguments: (string | number)[]): Promise<HitAnswer[]>;
}

/** A script runs alone: more of them in one would keep others waiting. */
const MAX_HITS = 100;

/**
 * The sliding log of `SlidingWindow`, shared by every process on one Redis: one command for all hits that arrive
 * while another is under way, the server's clock. Rejects when Redis does, and waits as long as the client waits; the caller brings the timeout.
 * A wiped Redis has forgotten the hits; a clock set forward lets them leave early.
 */
export class RedisSlidingWindow {
  private readonly client: ScriptedClient;
  private readonly batcher: GroupBatcher<Hit, HitAnswer>;

  constructor(
    redis: RedisClient,
    private readonly keyPrefix = 'data-pusher:limit:',
  ) {
    redis.defineCommand('slidingWindowHits', { lua: HIT_SCRIPT });
    this.client = redis as unknown as ScriptedClient;
    this.batcher = new GroupBatcher({
      write: (hits) => this.send(hits),
      // The keys of a cluster live on different servers, which run no script together.
      maxItems: redis.isCluster ? 1 : MAX_HITS,
      maxBytes: Infinity,
      sizeOf: () => 0,
      maxFlushes: redis.isCluster ? MAX_HITS : 2,
    });
  }

  async hit(key: string, limit: number, windowMs: number): Promise<WindowResult> {
    if (!(limit >= 1)) return windowResult(false, limit, 0, windowMs);

    const windowMicros = Math.ceil(windowMs * 1000);
    const hit = { key: this.keyPrefix + key, limit, windowMicros };
    const [allowed, hits, resetMicros] = await this.batcher.add(hit);
    return windowResult(allowed === 1, limit, hits, resetMicros / 1000);
  }

  private send(hits: Hit[]): Promise<HitAnswer[]> {
    return this.client.slidingWindowHits(
      hits.length,
      ...hits.map(({ key }) => key),
      ...hits.flatMap(({ limit, windowMicros }) => [limit, windowMicros]),
    );
  }
}
