import { describeDuration } from '../common/duration.js';
import type { DeliveryJobResult } from './contract.js';
import { type Settled, describeTarget } from './settled.js';

const MAX_TOLD = 5;

/** What a job tells on the board: counts, and where something failed the reasons. */
export function report(
  settled: readonly Settled[],
  named: number,
  started: number,
): { result: DeliveryJobResult; failure?: string } {
  const count = (next: Settled['next']): number => settled.filter((one) => one.next === next).length;
  const result = {
    delivered: count('success'),
    retrying: count('retry'),
    failed: count('failed'),
    held: count('hold'),
    cancelled: count('cancelled'),
    put_back: count('release'),
    under_way: started - settled.length,
    skipped: named - started,
  };
  const failures = settled.filter(({ next }) => next === 'retry' || next === 'failed');
  return failures.length > 0 ? { result, failure: describeAll(failures, result) } : { result };
}

/** Fails a job. Nothing broke here, so the board shows the reason alone and no stack. */
export class NotDelivered extends Error {
  constructor(reason: string) {
    super(reason);
    this.stack = this.message;
  }
}

/** What an operator reads first: how many failed, where, whose, why, and what comes next. */
function describeAll(failures: Settled[], { delivered }: DeliveryJobResult): string {
  const told = failures.slice(0, MAX_TOLD).map(describe);
  const rest = failures.length > MAX_TOLD ? [`and ${failures.length - MAX_TOLD} more`] : [];
  return [`${failures.length} not delivered, ${delivered} delivered`, ...told, ...rest].join('\n\n');
}

// Short lines, because the board breaks long ones within words.
function describe({ delivery, destination, next, outcome, reason, attempts, delayMs }: Settled): string {
  const account = destination?.accountName ?? delivery.accountId;
  const why = reason ?? outcome?.error ?? 'unknown';
  const follows =
    next === 'retry'
      ? `attempt ${attempts + 1} in ${describeDuration(delayMs)}; Retry makes it at once`
      : 'none, given up; the log of the account has every attempt';
  return [
    describeTarget(destination),
    `  event  ${delivery.eventId}`,
    `  of     ${account}`,
    `  why    ${why}`,
    `  next   ${follows}`,
  ].join('\n');
}
