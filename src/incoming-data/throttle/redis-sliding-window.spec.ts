import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  ownRedisAvailable,
  redisAvailable,
  startRedis,
  type RedisServer,
} from '../../../test/support/redis.js';
import { RedisSlidingWindow } from './redis-sliding-window.js';

const PREFIX = `test:${randomUUID()}:`;

describe.runIf(redisAvailable())('RedisSlidingWindow', () => {
  let server: RedisServer;
  let clients: Redis[];
  let windows: RedisSlidingWindow[];

  beforeAll(async () => {
    server = await startRedis();
    clients = [new Redis(server.url), new Redis(server.url)];
    windows = clients.map((client) => new RedisSlidingWindow(client, { keyPrefix: PREFIX }));
  });

  afterAll(async () => {
    clients.forEach((client) => client.disconnect());
    await server.stop();
  });

  it('allows up to the limit, then refuses until the oldest hit leaves', async () => {
    const [window] = windows as [RedisSlidingWindow];
    for (const remaining of [2, 1, 0]) {
      const result = await window.hit('plain', 3, 60_000);
      expect(result).toMatchObject({ allowed: true, limit: 3, remaining, retryAfterMs: 0 });
    }
    const refused = await window.hit('plain', 3, 60_000);
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.retryAfterMs).toBe(refused.resetMs);
    expect(refused.resetMs).toBeGreaterThan(50_000);
    expect(refused.resetMs).toBeLessThanOrEqual(60_000);
  });

  it('records no refused hit, and expires the key of an idle account', async () => {
    await Promise.all(Array.from({ length: 50 }, () => windows[0]!.hit('trace', 2, 300)));
    expect(await clients[0]!.llen(`${PREFIX}trace`)).toBe(2);
    expect(await clients[0]!.pttl(`${PREFIX}trace`)).toBeLessThanOrEqual(301);
    await vi.waitFor(async () => expect(await clients[0]!.exists(`${PREFIX}trace`)).toBe(0));
  });

  it('refuses everything for a limit of 0', async () => {
    expect(await windows[0]!.hit('none', 0, 1000)).toMatchObject({ allowed: false, retryAfterMs: 1000 });
  });

  it('waits for as many hits to leave as a lowered limit demands', async () => {
    const [seconds] = await clients[0]!.time();
    const times = Array.from({ length: 10 }, (_, i) => (Number(seconds) - 10 + i) * 1_000_000);
    await clients[0]!.rpush(`${PREFIX}lowered`, ...times);
    // The tenth place frees with the oldest hit, the fourth only with the seventh hit, six seconds later.
    const retryAfterMs = async (limit: number) =>
      (await windows[0]!.hit('lowered', limit, 60_000)).retryAfterMs;
    expect(Math.abs((await retryAfterMs(10)) - 50_000)).toBeLessThanOrEqual(1_000);
    expect(Math.abs((await retryAfterMs(4)) - 56_000)).toBeLessThanOrEqual(1_000);
    expect(await windows[0]!.hit('lowered', 11, 60_000)).toMatchObject({ allowed: true, remaining: 0 });
  });

  it('lets two clients together have exactly the limit', async () => {
    const hits = Array.from({ length: 1000 }, (_, i) => windows[i % 2]!.hit('burst', 7, 60_000));
    const allowed = (await Promise.all(hits)).filter((result) => result.allowed);
    expect(allowed.map((result) => result.remaining).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('asks once for hits of one account that arrive together, and lets the first of them through', async () => {
    await clients[0]!.config('RESETSTAT');
    const results = await Promise.all(
      Array.from({ length: 90 }, () => windows[0]!.hit('together', 30, 60_000)),
    );
    expect(results.map((result) => result.allowed)).toEqual(results.map((_, i) => i < 30));
    expect(results.slice(0, 30).map((result) => result.remaining)).toEqual(
      Array.from({ length: 30 }, (_, i) => 29 - i),
    );
    expect(await clients[0]!.info('commandstats')).toMatch(/cmdstat_rpush:calls=[12],/);
  });

  it('keeps accounts and changed limits of one command apart', async () => {
    const hits = [
      windows[0]!.hit('first', 9, 60_000),
      ...[2, 1, 2].map((limit) => windows[0]!.hit('changed', limit, 60_000)),
      windows[0]!.hit('other', 1, 60_000),
    ];
    const results = await Promise.all(hits);
    expect(results.map(({ allowed, limit }) => [allowed, limit])).toEqual([
      [true, 9],
      [true, 2],
      [false, 1],
      [true, 2],
      [true, 1],
    ]);
  });

  it('never lets two clients together exceed the limit in any window', async () => {
    const [limit, windowMs] = [12, 150];
    const key = `${PREFIX}rolling`;
    const recorded = new Set<number>();
    let allowedCount = 0;
    const untilMs = performance.now() + 1_200;
    const flood = windows.map(async (window, i) => {
      while (performance.now() < untilMs) {
        const hit = window.hit('rolling', limit, windowMs);
        const times = await clients[i]!.lrange(key, 0, -1);
        if ((await hit).allowed) allowedCount++;
        for (const time of times) recorded.add(Number(time));
      }
    });
    await Promise.all(flood);

    const times = [...recorded].sort((a, b) => a - b);
    expect(times).toHaveLength(allowedCount);
    expect(times.length).toBeGreaterThan(limit * 4);
    for (const [i, from] of times.entries()) {
      expect((times[i + limit] ?? Infinity) - from).toBeGreaterThanOrEqual(windowMs * 1000);
    }
  });

  it('waits when the clock was set back within one window, and forgets when further', async () => {
    const [seconds] = await clients[0]!.time();
    const soon = (Number(seconds) + 5) * 1_000_000;
    await clients[0]!.rpush(`${PREFIX}back`, soon, soon + 1);
    expect(await windows[0]!.hit('back', 2, 60_000)).toMatchObject({ allowed: false });
    expect(await windows[0]!.hit('back', 3, 60_000)).toMatchObject({ allowed: true, remaining: 0 });
    expect(await windows[0]!.hit('back', 3, 1_000)).toMatchObject({ allowed: true, remaining: 2 });
  });

  it.runIf(ownRedisAvailable())('carries on after FLUSHALL and SCRIPT FLUSH', async () => {
    for (let round = 0; round < 3; round++) {
      await clients[0]!.flushall();
      await clients[0]!.script('FLUSH');
      const hits = Array.from({ length: 20 }, (_, i) => windows[i % 2]!.hit('flushed', 4, 60_000));
      expect((await Promise.all(hits)).filter((result) => result.allowed)).toHaveLength(4);
    }
  });
});
