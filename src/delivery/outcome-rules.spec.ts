import { describe, expect, it } from 'vitest';
import { type AttemptErrorCode, failure, type Outcome, unsentOutcome } from './outcome.js';
import { decide, type DecisionContext } from './outcome-rules.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const schedule = [
  0,
  5000,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS),
];
const context: DecisionContext = { attempt: 1, maxAttempts: 10, schedule, jitter: 0.5 };

const answered = (statusCode: number, more: Partial<Outcome> = {}): Outcome => ({
  statusCode,
  durationMs: 12,
  error: statusCode < 300 ? null : `status: answered ${statusCode}`,
  errorCode: statusCode < 300 ? null : 'status',
  responseExcerpt: null,
  responseCut: null,
  retryAfterMs: null,
  ...more,
});
const unsent = (errorCode: AttemptErrorCode): Outcome => unsentOutcome(failure(errorCode, 'because'));

describe('what follows from an outcome', () => {
  it.each([200, 201, 202, 204, 299])('%i is a success, also with a cut body', (statusCode) => {
    expect(decide(answered(statusCode, { responseCut: 'broken' }), context)).toEqual({ next: 'success' });
  });

  it.each([300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 409, 429, 500, 502, 503, 599])(
    '%i is retried',
    (statusCode) => {
      expect(decide(answered(statusCode), context)).toEqual({ next: 'retry', delayMs: 5000 });
    },
  );

  it.each(['timeout', 'dns', 'refused', 'unreachable', 'reset', 'tls', 'protocol', 'egress'] as const)(
    'no answer for the reason %s is retried',
    (errorCode) => {
      expect(decide(unsent(errorCode), context)).toEqual({ next: 'retry', delayMs: 5000 });
    },
  );

  it('410 disables the destination, whatever is left of the schedule', () => {
    for (const attempt of [1, 10])
      expect(decide(answered(410), { ...context, attempt })).toMatchObject({ next: 'disable' });
  });

  it('an event too large for a GET fails for good', () => {
    expect(decide(unsent('too_large'), context)).toEqual({ next: 'failed', reason: 'too_large: because' });
  });

  it('an attempt that we broke off is made again, even the last one', () => {
    expect(decide(unsent('aborted'), { ...context, attempt: 10 })).toEqual({ next: 'retry', delayMs: 0 });
  });

  it('the wait follows the schedule until it ends', () => {
    const waits = schedule.map((_, index) => decide(answered(500), { ...context, attempt: index + 1 }));
    expect(waits.slice(0, -1)).toEqual(schedule.slice(1).map((delayMs) => ({ next: 'retry', delayMs })));
    expect(waits.at(-1)).toEqual({ next: 'failed', reason: expect.stringContaining('answered 500') });
  });

  it('ends at maxAttempts where that is earlier', () => {
    expect(decide(answered(500), { ...context, attempt: 3, maxAttempts: 3 })).toMatchObject({
      next: 'failed',
    });
    expect(decide(answered(500), { ...context, attempt: 99, maxAttempts: 100 })).toMatchObject({
      next: 'failed',
    });
  });

  it('jitter spreads the wait by 10 % to either side', () => {
    const delays = [0, 0.5, 0.999999].map((jitter) =>
      decide(answered(500), { ...context, attempt: 2, jitter }),
    );
    expect(delays).toEqual([270_000, 300_000, 330_000].map((delayMs) => ({ next: 'retry', delayMs })));
  });

  it('never waits longer than a day', () => {
    expect(decide(answered(500), { ...context, attempt: 9, jitter: 0.99 })).toEqual({
      next: 'retry',
      delayMs: 24 * HOUR_MS,
    });
  });

  it('Retry-After stretches the wait and slows the whole destination', () => {
    expect(decide(answered(429, { retryAfterMs: 60_000 }), context)).toEqual({
      next: 'retry',
      delayMs: 60_000,
      slowDestinationMs: 60_000,
    });
    expect(decide(answered(503, { retryAfterMs: 1000 }), context)).toEqual({
      next: 'retry',
      delayMs: 5000,
      slowDestinationMs: 1000,
    });
    expect(decide(answered(503, { retryAfterMs: 99 * HOUR_MS }), context)).toMatchObject({
      delayMs: 24 * HOUR_MS,
      slowDestinationMs: 15 * MINUTE_MS,
    });
  });
});
