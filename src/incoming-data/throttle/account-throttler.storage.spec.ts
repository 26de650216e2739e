import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ownRedisAvailable, startRedis, type RedisServer } from '../../../test/support/redis.js';
import { AccountThrottlerStorage } from './account-throttler.storage.js';

const LONG_MS = 60_000;

describe('AccountThrottlerStorage in one process', () => {
  it('answers in the whole seconds of Nest', async () => {
    let nowMs = 0;
    const storage = new AccountThrottlerStorage({ now: () => nowMs });
    const increment = () => storage.increment('key', 1500, 2, 0, 'account');

    const free = { isBlocked: false, timeToBlockExpire: 0 };
    expect(await increment()).toEqual({ ...free, totalHits: 1, timeToExpire: 2 });
    nowMs = 600;
    expect(await increment()).toEqual({ ...free, totalHits: 2, timeToExpire: 1 });
    expect(await increment()).toEqual({
      totalHits: 3,
      timeToExpire: 1,
      isBlocked: true,
      timeToBlockExpire: 1,
    });
    nowMs = 1500;
    expect(await increment()).toEqual({ ...free, totalHits: 2, timeToExpire: 1 });
  });

  it('lets no block outlast the window, and keeps throttlers apart', async () => {
    let nowMs = 0;
    const storage = new AccountThrottlerStorage({ now: () => nowMs });
    const increment = (name: string) => storage.increment('key', 1000, 1, LONG_MS, name);
    expect((await increment('a')).isBlocked).toBe(false);
    expect((await increment('a')).isBlocked).toBe(true);
    expect((await increment('b')).isBlocked).toBe(false);
    nowMs = 1000;
    expect((await increment('a')).isBlocked).toBe(false);
  });
});

describe('AccountThrottlerStorage whose Redis was never there', () => {
  it('limits per process and says so once', async () => {
    const lines: string[] = [];
    const redis = client('redis://127.0.0.1:1');
    const storage = new AccountThrottlerStorage({ redis, log: (line) => lines.push(line) });
    for (const allowed of [true, true, false]) {
      expect((await storage.hit('a', 2, LONG_MS)).allowed).toBe(allowed);
    }
    expect(lines).toEqual([expect.stringContaining('per process, Redis is not available (connection ')]);
    expect([storage.isFallback, new AccountThrottlerStorage().isFallback]).toEqual([true, false]);
    redis.disconnect();
    expect((await storage.hit('b', 2, LONG_MS)).allowed).toBe(true);
  });
});

describe.runIf(ownRedisAvailable())('AccountThrottlerStorage with Redis', () => {
  let server: RedisServer;
  let clients: Redis[];
  let storages: AccountThrottlerStorage[];
  let lines: string[];
  let skippedMs: number;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    lines = [];
    skippedMs = 0;
    clients = [client(server.url), client(server.url)];
    await Promise.all(clients.map((redis) => redis.ping()));
    await clients[0]!.flushall();
    await clients[0]!.config('SET', 'maxmemory', '0');
    const now = () => performance.now() + skippedMs;
    storages = clients.map(
      (redis, i) => new AccountThrottlerStorage({ redis, now, log: (line) => lines.push(`${i} ${line}`) }),
    );
  });

  afterEach(async () => {
    clients.forEach((redis) => redis.disconnect());
    await server.kill('SIGCONT');
  });

  /** Allowed hits out of 20 that alternate between the two processes. */
  async function allowedOf20(key: string, limit = 5): Promise<number> {
    const hits = Array.from({ length: 20 }, async (_, i) => storages[i % 2]!.hit(key, limit, LONG_MS));
    return (await Promise.all(hits)).filter((result) => result.allowed).length;
  }

  async function untilShared(): Promise<void> {
    await vi.waitFor(
      async () => {
        skippedMs += 1_000;
        await Promise.all(storages.map(async (storage) => storage.hit('probe', 1_000_000, LONG_MS)));
        const last = (i: number) => lines.findLast((line) => line.startsWith(`${i} `));
        expect([last(0), last(1)]).toEqual([0, 1].map((i) => `${i} rate limits: shared through Redis again`));
      },
      { timeout: 10_000, interval: 50 },
    );
  }

  it('shares one limit between processes', async () => {
    expect(await allowedOf20('a')).toBe(5);
    expect(lines).toEqual([]);
  });

  it('gives back locally what the others have used up', async () => {
    for (let i = 0; i < 5; i++) await storages[0]!.hit('a', 5, LONG_MS);
    for (let i = 0; i < 9; i++) expect((await storages[1]!.hit('a', 5, LONG_MS)).allowed).toBe(false);
    await clients[0]!.flushall();
    expect(await storages[1]!.hit('a', 5, LONG_MS)).toMatchObject({ allowed: true, remaining: 4 });
  });

  it('reports what remains for all processes together', async () => {
    expect(await storages[0]!.hit('a', 5, LONG_MS)).toMatchObject({ remaining: 4 });
    expect(await storages[1]!.hit('a', 5, LONG_MS)).toMatchObject({ remaining: 3 });
  });

  it('asks Redis nothing for a flood that this process refuses', async () => {
    await storages[0]!.hit('a', 1, LONG_MS);
    await clients[0]!.config('RESETSTAT');
    for (let i = 0; i < 1000; i++) await storages[0]!.hit('a', 1, LONG_MS);
    expect(await clients[0]!.info('commandstats')).not.toContain('cmdstat_eval');
  });

  it('lets no process exceed the limit when FLUSHALL comes in between', async () => {
    const results: boolean[] = [];
    for (let i = 0; i < 50; i++) {
      if (i % 3 === 0) await clients[1]!.flushall();
      results.push((await storages[0]!.hit('a', 7, LONG_MS)).allowed);
    }
    expect(results.filter(Boolean)).toHaveLength(7);
    await clients[1]!.flushall();
    expect(await storages[0]!.hit('a', 9, LONG_MS)).toMatchObject({ allowed: true, remaining: 1 });
    expect(lines).toEqual([]);
  });

  it('limits per process after kill -9, and shares again once Redis is back', async () => {
    expect(await allowedOf20('before')).toBe(5);
    await server.kill('SIGKILL');
    expect(await allowedOf20('during')).toBe(10);
    // What a process accepted through Redis it still counts: 5 were gone, at most 5 more are left of 2 × 5.
    expect(await allowedOf20('before')).toBe(5);
    expect(lines.map((line) => line.slice(0, 2)).sort()).toEqual(['0 ', '1 ']);

    await server.stop();
    server = await startRedis(server.port);
    await untilShared();
    expect(await allowedOf20('after')).toBe(5);
    expect(await allowedOf20('during')).toBe(0);
    expect(lines).toHaveLength(4);
  });

  it('waits 100 ms once when Redis freezes, answers at once from then on, and comes back', async () => {
    await server.kill('SIGSTOP');
    const first = await timed(() => allowedOf20('a'));
    expect(first.result).toBe(10);
    expect(first.tookMs).toBeGreaterThan(90);
    expect(first.tookMs).toBeLessThan(250);
    for (let i = 0; i < 5; i++) {
      skippedMs += 1_000;
      // Takes about 0.1 ms; whoever waits for Redis once takes at least 100.
      expect((await timed(() => allowedOf20(`b${i}`))).tookMs).toBeLessThan(95);
    }
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('no answer in 100 ms');

    await server.kill('SIGCONT');
    await untilShared();
    expect(await allowedOf20('c')).toBe(5);
  });

  it('limits per process while Redis refuses writes', async () => {
    await clients[0]!.config('SET', 'maxmemory', '1');
    expect(await allowedOf20('a')).toBe(10);
    await clients[0]!.config('RESETSTAT');
    expect(await allowedOf20('b')).toBe(10);
    expect(await clients[0]!.info('commandstats')).not.toContain('cmdstat_eval');
    skippedMs += 1_000;
    expect(await allowedOf20('c')).toBe(10);
    await vi.waitFor(async () =>
      expect(await clients[0]!.info('commandstats')).toMatch(/cmdstat_eval\w*:calls=2,/),
    );
    expect(lines.map((line) => line.includes('OOM'))).toEqual([true, true]);

    await clients[0]!.config('SET', 'maxmemory', '0');
    await untilShared();
    expect(await allowedOf20('d')).toBe(5);
  });

  it('blames Redis for no delay of this process', async () => {
    const hit = storages[0]!.hit('a', 5, LONG_MS);
    const busyUntilMs = performance.now() + 200;
    while (performance.now() < busyUntilMs);
    expect((await hit).allowed).toBe(true);
    expect(lines).toEqual([]);
  });
});

function client(url: string): Redis {
  const redis = new Redis(url, { retryStrategy: () => 50 });
  redis.on('error', () => {});
  return redis;
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; tookMs: number }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, tookMs: performance.now() - startedAt };
}
