import type { WindowResult } from './sliding-window.js';

const POLICY = '"account"';

/** `RateLimit-Policy`, as in draft-ietf-httpapi-ratelimit-headers: quota and window in whole seconds. */
export function rateLimitPolicy(limit: number, windowMs: number): string {
  return `${POLICY};q=${limit};w=${wholeSeconds(windowMs)}`;
}

/** `RateLimit`, of the same draft: what remains, and the seconds until a place frees. */
export function rateLimit(result: Pick<WindowResult, 'remaining' | 'resetMs'>): string {
  return `${POLICY};r=${result.remaining};t=${wholeSeconds(result.resetMs)}`;
}

/** `Retry-After` in whole seconds, at least 1: with 0 a client would come back at once and be refused again. */
export function retryAfter(retryAfterMs: number): string {
  return String(wholeSeconds(retryAfterMs));
}

/** All headers of one answer; `Retry-After` only when the hit was refused. */
export function rateLimitHeaders(result: WindowResult, windowMs: number): Record<string, string> {
  return {
    'ratelimit-policy': rateLimitPolicy(result.limit, windowMs),
    ratelimit: rateLimit(result),
    ...(result.allowed ? {} : { 'retry-after': retryAfter(result.retryAfterMs) }),
  };
}

function wholeSeconds(durationMs: number): number {
  return Math.max(1, Math.ceil(durationMs / 1000));
}
