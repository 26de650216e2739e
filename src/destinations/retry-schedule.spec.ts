import { describe, expect, it } from 'vitest';
import { settings } from '../config/env.js';
import { toScheduledAttempts } from './retry-schedule.js';

const HOUR_MS = 3_600_000;

describe('the schedule of attempts', () => {
  it('by default makes ten of them within 75 h 35 min, the first at once', () => {
    const attempts = toScheduledAttempts(settings.RETRY_SCHEDULE.fallback);
    expect(attempts).toHaveLength(10);
    expect(attempts[0]).toEqual({
      number: 1,
      delay_ms: 0,
      min_delay_ms: 0,
      max_delay_ms: 0,
      after_ms: 0,
      min_after_ms: 0,
      max_after_ms: 0,
    });
    expect(attempts[1]).toMatchObject({ number: 2, delay_ms: 5000, min_delay_ms: 4500, max_delay_ms: 5500 });
    expect(attempts[9]).toMatchObject({ number: 10, after_ms: (75 * 60 + 35) * 60_000 + 5000 });
  });

  it('never waits longer than a day, as no retry does', () => {
    const [, second] = toScheduledAttempts([0, 24 * HOUR_MS]);
    expect(second).toMatchObject({ min_delay_ms: 21.6 * HOUR_MS, max_delay_ms: 24 * HOUR_MS });
  });

  it('adds up the waits and their bounds', () => {
    const [, , third] = toScheduledAttempts([0, 1000, 3000]);
    expect(third).toMatchObject({ after_ms: 4000, min_after_ms: 3600, max_after_ms: 4400 });
  });

  it('makes the first attempt at once, whatever its entry says', () => {
    expect(toScheduledAttempts([60_000, 1000]).map(({ after_ms: afterMs }) => afterMs)).toEqual([0, 1000]);
  });
});
