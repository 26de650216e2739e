import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlidingWindow } from './sliding-window.js';

function windowWithClock(options: { maxKeys?: number } = {}) {
  const clock = { nowMs: 0 };
  return { clock, window: new SlidingWindow({ ...options, now: () => clock.nowMs }) };
}

describe('SlidingWindow', () => {
  it('allows up to the limit, then refuses until the oldest hit has left the window', () => {
    const { clock, window } = windowWithClock();
    for (const remaining of [2, 1, 0]) {
      expect(window.hit('a', 3, 1000)).toEqual({
        allowed: true,
        limit: 3,
        remaining,
        resetMs: 1000 - clock.nowMs,
        retryAfterMs: 0,
      });
      clock.nowMs += 100;
    }
    const refused = { allowed: false, limit: 3, remaining: 0, resetMs: 700, retryAfterMs: 700 };
    expect(window.hit('a', 3, 1000)).toEqual(refused);
    clock.nowMs = 999.999;
    expect(window.hit('a', 3, 1000).allowed).toBe(false);
    clock.nowMs = 1000;
    expect(window.hit('a', 3, 1000)).toMatchObject({ allowed: true, remaining: 0, resetMs: 100 });
  });

  it('keeps keys apart', () => {
    const { window } = windowWithClock();
    expect(window.hit('a', 1, 1000).allowed).toBe(true);
    expect(window.hit('a', 1, 1000).allowed).toBe(false);
    expect(window.hit('b', 1, 1000).allowed).toBe(true);
  });

  it.each([0, -1, Number.NaN])('refuses everything and remembers nothing for limit %s', (limit) => {
    const { window } = windowWithClock();
    expect(window.hit('a', limit, 1000)).toMatchObject({ allowed: false, retryAfterMs: 1000 });
    expect(window.size).toBe(0);
  });

  it('waits for as many hits to leave as a lowered limit demands', () => {
    const { clock, window } = windowWithClock();
    for (clock.nowMs = 0; clock.nowMs < 10; clock.nowMs++) window.hit('a', 10, 1000);
    expect(window.hit('a', 4, 1000)).toMatchObject({ allowed: false, retryAfterMs: 996 });
    clock.nowMs = 1005;
    expect(window.hit('a', 4, 1000)).toMatchObject({ allowed: false, retryAfterMs: 1 });
    clock.nowMs = 1006;
    expect(window.hit('a', 4, 1000).allowed).toBe(true);
  });

  it('never allows more than the limit in any window, nor refuses with a place free', () => {
    const limits = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 }));
    const steps = fc.array(fc.record({ waitMs: waits(), limit: limits }), { maxLength: 300 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 1000 }), (hits, windowMs) => {
        const { clock, window } = windowWithClock();
        const allowedAt: number[] = [];
        for (const { waitMs, limit } of hits) {
          clock.nowMs += waitMs;
          const result = window.hit('a', limit, windowMs);
          const before = allowedAt.filter((time) => clock.nowMs - time < windowMs);
          expect(result.allowed).toBe(before.length < limit);
          if (result.allowed) allowedAt.push(clock.nowMs);
          const now = result.allowed ? [...before, clock.nowMs] : before;
          expect(result.remaining).toBe(Math.max(0, limit - now.length));
          expect(result.resetMs).toBe(windowMs - (clock.nowMs - now[Math.max(0, now.length - limit)]!));
          expect(result.retryAfterMs).toBe(result.allowed ? 0 : result.resetMs);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('holds a limit constant over any half-open window, for many interleaved keys', () => {
    const hits = fc.array(fc.record({ waitMs: waits(), key: fc.constantFrom('a', 'b', 'c') }), {
      maxLength: 400,
    });
    fc.assert(
      fc.property(hits, fc.integer({ min: 1, max: 9 }), (sequence, limit) => {
        const { clock, window } = windowWithClock();
        const allowedAt: Record<string, number[]> = { a: [], b: [], c: [] };
        for (const { waitMs, key } of sequence) {
          clock.nowMs += waitMs;
          if (window.hit(key, limit, 20).allowed) allowedAt[key]!.push(clock.nowMs);
        }
        for (const times of Object.values(allowedAt)) {
          times.forEach((from, i) =>
            expect((times[i + limit] ?? Infinity) - from).toBeGreaterThanOrEqual(20),
          );
        }
      }),
    );
  });

  it('allows the hit that comes when retryAfterMs says so, and none just before', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 50 }), fc.integer({ min: 1, max: 8 }), (gaps, limit) => {
        const { clock, window } = windowWithClock();
        for (const gapMs of gaps) {
          clock.nowMs += gapMs;
          const result = window.hit('a', limit, 50);
          if (result.allowed) continue;
          clock.nowMs += result.retryAfterMs - 1;
          expect(window.hit('a', limit, 50).allowed).toBe(false);
          clock.nowMs += 1;
          expect(window.hit('a', limit, 50).allowed).toBe(true);
        }
      }),
    );
  });

  it('stays exact for a limit of a million', () => {
    const { clock, window } = windowWithClock();
    for (let i = 0; i < 1_000_000; i++) {
      clock.nowMs = i / 1024;
      if (!window.hit('a', 1_000_000, 1000).allowed) expect.fail(`hit ${i} was refused`);
    }
    expect(window.hit('a', 1_000_000, 1000)).toMatchObject({ allowed: false, remaining: 0 });
    clock.nowMs = 1000;
    expect(window.hit('a', 1_000_000, 1000)).toMatchObject({ allowed: true, remaining: 0 });
    clock.nowMs = 5000;
    expect(window.hit('a', 1_000_000, 1000)).toMatchObject({ allowed: true, remaining: 999_999 });
  });

  it('loses no hit when the log grows while it wraps around', () => {
    const { clock, window } = windowWithClock();
    for (let i = 0; i < 5; i++) window.hit('a', 8, 100);
    for (clock.nowMs = 100; clock.nowMs < 108; clock.nowMs++) window.hit('a', 8, 100);
    expect(window.hit('a', 20, 100)).toMatchObject({ allowed: true, remaining: 11, resetMs: 92 });
    clock.nowMs = 203;
    expect(window.hit('a', 20, 100)).toMatchObject({ allowed: true, remaining: 14, resetMs: 1 });
  });

  it('takes a released hit back', () => {
    const { window } = windowWithClock();
    window.hit('a', 1, 1000);
    window.release('a');
    window.release('a');
    window.release('never seen');
    expect(window.hit('a', 1, 1000)).toMatchObject({ allowed: true, remaining: 0 });
    expect(window.hit('a', 1, 1000).allowed).toBe(false);
  });
});

describe('SlidingWindow memory', () => {
  it('drops idle keys as new ones come', () => {
    const { clock, window } = windowWithClock();
    for (let i = 0; i < 1000; i++) window.hit(`old ${i}`, 5, 1000);
    clock.nowMs = 1000;
    for (let i = 0; i < 1000; i++) window.hit(`new ${i}`, 5, 1000);
    expect(window.size).toBe(1000);
  });

  it('never remembers more than maxKeys, and forgets the key least recently hit first', () => {
    const { window } = windowWithClock({ maxKeys: 3 });
    for (const key of ['a', 'b', 'c', 'a', 'd']) window.hit(key, 1, 1000);
    expect(window.size).toBe(3);
    expect(window.hit('a', 1, 1000).allowed).toBe(false);
    expect(window.hit('c', 1, 1000).allowed).toBe(false);
    expect(window.hit('b', 1, 1000).allowed).toBe(true);
  });

  it('drops no key that is still counting while there is room, whatever the order of hits', () => {
    const hits = fc.array(fc.record({ waitMs: waits(), key: fc.nat(30) }), { maxLength: 400 });
    fc.assert(
      fc.property(hits, (sequence) => {
        const { clock, window } = windowWithClock({ maxKeys: 31 });
        const lastAllowedAt = new Map<number, number>();
        for (const { waitMs, key } of sequence) {
          clock.nowMs += waitMs;
          const isFree = clock.nowMs - (lastAllowedAt.get(key) ?? -Infinity) >= 40;
          expect(window.hit(String(key), 1, 40).allowed).toBe(isFree);
          if (isFree) lastAllowedAt.set(key, clock.nowMs);
          expect(window.size).toBeLessThanOrEqual(31);
        }
      }),
    );
  });
});

function waits() {
  const fraction = fc.double({ min: 0, max: 5, noNaN: true });
  return fc.oneof(fc.constant(0), fc.nat(3), fraction, fc.nat(100));
}
