import { describe, expect, it } from 'vitest';
import { rateLimit, rateLimitHeaders, rateLimitPolicy, retryAfter } from './rate-limit-headers.js';

describe('rate limit headers', () => {
  it('state the policy in whole seconds', () => {
    expect(rateLimitPolicy(5, 1000)).toBe('"account";q=5;w=1');
    expect(rateLimitPolicy(100, 60_000)).toBe('"account";q=100;w=60');
    expect(rateLimitPolicy(5, 250)).toBe('"account";q=5;w=1');
  });

  it('state what remains and when a place frees, rounded up', () => {
    expect(rateLimit({ remaining: 4, resetMs: 1000 })).toBe('"account";r=4;t=1');
    expect(rateLimit({ remaining: 0, resetMs: 1000.25 })).toBe('"account";r=0;t=2');
  });

  it.each([
    [0, '1'],
    [0.1, '1'],
    [999, '1'],
    [1000, '1'],
    [1001, '2'],
    [59_000.5, '60'],
  ])('ask to retry after %d ms with Retry-After: %s', (durationMs, expected) => {
    expect(retryAfter(durationMs)).toBe(expected);
  });

  it('carry Retry-After only on a refusal', () => {
    const base = { limit: 5, resetMs: 400 };
    expect(rateLimitHeaders({ ...base, allowed: true, remaining: 2, retryAfterMs: 0 }, 1000)).toEqual({
      'ratelimit-policy': '"account";q=5;w=1',
      ratelimit: '"account";r=2;t=1',
    });
    expect(rateLimitHeaders({ ...base, allowed: false, remaining: 0, retryAfterMs: 400 }, 1000)).toEqual({
      'ratelimit-policy': '"account";q=5;w=1',
      ratelimit: '"account";r=0;t=1',
      'retry-after': '1',
    });
  });
});
