export const MAX_DELAY_MS = 24 * 3_600_000;
const JITTER = 0.1;

/**
 * How long an attempt that the schedule wants after `scheduledMs` really waits.
 * @param random from 0 to 1: spreads the wait over ±10 %, so that what failed together does not come again together.
 */
export function retryDelayMs(scheduledMs: number, random: number): number {
  return Math.min(MAX_DELAY_MS, Math.round(scheduledMs * (1 - JITTER + 2 * JITTER * random)));
}
