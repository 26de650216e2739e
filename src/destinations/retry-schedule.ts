import { retryDelayMs } from '../common/retry-delay.js';
import type { ScheduledAttemptView } from './destination-insights.dto.js';

/**
 * Every attempt with its wait and with the time since the event came, both with their bounds.
 * @param scheduleMs RETRY_SCHEDULE. The first attempt waits for nothing, whatever its entry says.
 */
export function toScheduledAttempts(scheduleMs: readonly number[]): ScheduledAttemptView[] {
  const after = { ms: 0, least: 0, most: 0 };
  return scheduleMs.map((wantedMs, index) => {
    const delayMs = index === 0 ? 0 : wantedMs;
    const [delay, least, most] = [0.5, 0, 1].map((random) => retryDelayMs(delayMs, random)) as [
      number,
      number,
      number,
    ];
    after.ms += delay;
    after.least += least;
    after.most += most;
    return {
      number: index + 1,
      delay_ms: delay,
      min_delay_ms: least,
      max_delay_ms: most,
      after_ms: after.ms,
      min_after_ms: after.least,
      max_after_ms: after.most,
    };
  });
}
