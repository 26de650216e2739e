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

local function hit(key, limit, window, wanted)
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
  local allowed = math.max(0, math.min(wanted, limit - count))
  if allowed > 0 then
    local times = {}
    for i = 1, allowed do times[i] = string.format('%.0f', now) end
    count = redis.call('RPUSH', key, unpack(times))
    redis.call('PEXPIRE', key, math.ceil(window / 1000) + 1)
  end
  local inTheWay = redis.call('LINDEX', key, math.max(0, count - limit))
  return { allowed, count, window - (now - inTheWay) }
end

local results = {}
for i, key in ipairs(KEYS) do
  results[i] = hit(key, tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]))
end
return results
`;

interface Hit {
  key: string;
  limit: number;
  windowMs: number;
}

/** Of all hits of a key in one command: how many are allowed, and how many count once they are. */
type KeyAnswer = [allowed: number, hits: number, resetMicros: number];

interface ScriptedClient {
  slidingWindowHits(numberOfKeys: number, ...keysAndArguments: (string | number)[]): Promise<KeyAnswer[]>;
}

/** A script runs alone: more of them in one would keep others waiting. */
const MAX_HITS = 100;

export interface RedisSlidingWindowOptions {
  keyPrefix?: string;
  /** How long an answer may take; as long as the client waits unless given. */
  timeoutMs?: number;
}

/**
 * The sliding log of `SlidingWindow`, shared by every process on one Redis: one command for all hits that arrive
 * while another is under way, the server's clock. Rejects when Redis does or takes too long.
 * A wiped Redis has forgotten the hits; a clock set forward lets them leave early.
 */
export class RedisSlidingWindow {
  private readonly client: ScriptedClient;
  private readonly batcher: GroupBatcher<Hit, WindowResult>;

  constructor(
    redis: RedisClient,
    private readonly options: RedisSlidingWindowOptions = {},
  ) {
    redis.defineCommand('slidingWindowHits', { lua: HIT_SCRIPT });
    this.client = redis as unknown as ScriptedClient;
    this.batcher = new GroupBatcher({
      write: (hits) => this.write(hits),
      // The keys of a cluster live on different servers, which run no script together.
      maxItems: redis.isCluster ? 1 : MAX_HITS,
      maxBytes: Infinity,
      sizeOf: () => 0,
      maxFlushes: redis.isCluster ? MAX_HITS : 2,
    });
  }

  hit(key: string, limit: number, windowMs: number): Promise<WindowResult> {
    if (!(limit >= 1)) return Promise.resolve(windowResult(false, limit, 0, windowMs));
    return this.batcher.add({ key, limit, windowMs });
  }

  private async write(hits: Hit[]): Promise<WindowResult[]> {
    const groups = new Map<string, Hit[]>();
    for (const hit of hits) {
      // An account whose limit is being changed has hits with either.
      const name = `${hit.key} ${hit.limit} ${hit.windowMs}`;
      const group = groups.get(name);
      if (group) group.push(hit);
      else groups.set(name, [hit]);
    }
    const answers = await this.send([...groups.values()]);
    const results = new Map<Hit, WindowResult>();
    [...groups.values()].forEach((group, index) => shareOut(group, answers[index]!, results));
    return hits.map((hit) => results.get(hit)!);
  }

  private async send(groups: Hit[][]): Promise<KeyAnswer[]> {
    const { keyPrefix = 'data-pusher:limit:', timeoutMs } = this.options;
    const command = this.client.slidingWindowHits(
      groups.length,
      ...groups.map(([hit]) => keyPrefix + hit!.key),
      ...groups.flatMap((group) => [group[0]!.limit, Math.ceil(group[0]!.windowMs * 1000), group.length]),
    );
    try {
      return await (timeoutMs === undefined ? command : within(timeoutMs, command));
    } catch (error) {
      // What waits behind a Redis that does not answer is told at once, not one timeout later.
      this.batcher.rejectWaiting(error);
      throw error;
    }
  }
}

/** The first of a group are allowed, each with one hit more before it. */
function shareOut(group: Hit[], [allowed, hits, resetMicros]: KeyAnswer, to: Map<Hit, WindowResult>): void {
  group.forEach((hit, index) => {
    const hitsThen = index < allowed ? hits - allowed + index + 1 : hits;
    to.set(hit, windowResult(index < allowed, hit.limit, hitsThen, resetMicros / 1000));
  });
}

function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = () => reject(new Error(`no answer in ${timeoutMs} ms`));
    // One more turn of the event loop: if this process was the busy one, the answer is already in the socket.
    const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
