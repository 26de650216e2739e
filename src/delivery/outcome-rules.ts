import { MAX_DELAY_MS, retryDelayMs } from '../common/retry-delay.js';
import type { Outcome } from './outcome.js';

/** One answer may slow a whole destination this long; after that it is asked again. */
const MAX_SLOW_MS = 15 * 60_000;

export type Decision =
  | { next: 'success' }
  | {
      next: 'retry';
      delayMs: number;
      /** Hold everything of this destination that long. */
      slowDestinationMs?: number;
    }
  | { next: 'failed'; reason: string }
  | { next: 'disable'; reason: string };

export interface DecisionContext {
  /** Number of the attempt just made, from 1. */
  attempt: number;
  maxAttempts: number;
  /** Wait before each attempt in ms; the first entry belongs to the first attempt. */
  schedule: readonly number[];
  /** Random in [0, 1): spreads the scheduled wait over ±10 %. */
  jitter: number;
}

/** What follows from an outcome. Pure: the caller brings the random number and records the rest. */
export function decide(outcome: Outcome, context: DecisionContext): Decision {
  const { statusCode, errorCode } = outcome;
  if (statusCode !== null && statusCode >= 200 && statusCode < 300) return { next: 'success' };
  if (statusCode === 410)
    return { next: 'disable', reason: 'the destination answered 410 Gone and wants no more deliveries' };
  const reason = outcome.error ?? `status: answered ${statusCode}`;
  if (errorCode === 'too_large') return { next: 'failed', reason };
  // We broke it off ourselves, so it does not count against the destination.
  if (errorCode === 'aborted') return { next: 'retry', delayMs: 0 };
  const scheduledMs = context.schedule[context.attempt];
  if (context.attempt >= context.maxAttempts || scheduledMs === undefined)
    return { next: 'failed', reason: `${reason} (attempt ${context.attempt}, the last one)` };
  const jitteredMs = retryDelayMs(scheduledMs, context.jitter);
  const delayMs = Math.min(MAX_DELAY_MS, Math.max(jitteredMs, outcome.retryAfterMs ?? 0));
  if (outcome.retryAfterMs === null) return { next: 'retry', delayMs };
  return { next: 'retry', delayMs, slowDestinationMs: Math.min(MAX_SLOW_MS, outcome.retryAfterMs) };
}
