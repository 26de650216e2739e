import { describeDuration } from '../common/duration.js';
import type { DeliveryJobResult } from './contract.js';
import { type Settled, describeTarget } from './settled.js';

const MAX_TOLD = 5;

/** Counts of a job, for the board. */
export function summarise(settled: Settled[], named: number, claimed: number): DeliveryJobResult {
  const count = (next: Settled['next']): number => settled.filter((one) => one.next === next).length;
  return {
    delivered: count('success'),
    retrying: count('retry'),
    failed: count('failed'),
    held: count('hold'),
    cancelled: count('cancelled'),
    put_back: count('release'),
    under_way: claimed - settled.length,
    skipped: named - claimed,
  };
}

/** What an operator reads first: how many failed, where, why, and what comes next. */
export function describeSettled(failures: Settled[], { delivered }: DeliveryJobResult): string {
  const told = failures
    .slice(0, MAX_TOLD)
    .map((failure) => `${describeTarget(failure.destination)}: ${describe(failure)}`);
  const rest = failures.length > MAX_TOLD ? [`and ${failures.length - MAX_TOLD} more`] : [];
  return [`${failures.length} not delivered, ${delivered} delivered`, ...told, ...rest].join('\n');
}

function describe({ next, outcome, reason, attempts, delayMs }: Settled): string {
  const why = outcome?.error ?? reason ?? 'unknown';
  return next === 'retry'
    ? `${why}; attempt ${attempts + 1} in ${describeDuration(delayMs)}`
    : `${reason ?? why}; given up after attempt ${attempts}`;
}
