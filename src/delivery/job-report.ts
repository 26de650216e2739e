import type { Batch } from './batch.js';
import type { DeliveryJobResult } from './contract.js';
import { type Settled, describeTarget } from './settled.js';

/** What a job tells on the board of the deliveries it named: counts, and where something failed the reasons. */
export function report(batch: Batch, named: number): { result: DeliveryJobResult; failure?: string } {
  const result = {
    delivered: batch.count('success'),
    retrying: batch.count('retry'),
    failed: batch.count('failed'),
    held: batch.count('hold'),
    cancelled: batch.count('cancelled'),
    put_back: batch.count('release'),
    under_way: batch.underWay,
    skipped: named - batch.started,
  };
  return batch.failures.length > 0 ? { result, failure: describeAll(batch.failures, result) } : { result };
}

/** Fails a job. Nothing broke here, so the board shows the reason alone and no stack. */
export class NotDelivered extends Error {
  constructor(reason: string) {
    super(reason);
    this.stack = this.message;
  }
}

/** What an operator reads first: how many failed, where, whose, why, and what comes next. */
function describeAll(failures: Settled[], { delivered, retrying, failed }: DeliveryJobResult): string {
  const all = retrying + failed;
  const rest = all > failures.length ? [`and ${all - failures.length} more`] : [];
  return [`${all} not delivered, ${delivered} delivered`, ...failures.map(describe), ...rest].join('\n\n');
}

/** A job stays as it failed: what became of its deliveries since is told elsewhere. */
const LOG = 'the log has every attempt';

/** Such as `2026-01-31 16:24:44 UTC`: a job is read long after it failed, and from anywhere. */
const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

// Short lines, because the board breaks long ones within words.
function describe({ delivery, destination, next, outcome, reason, attempts, delayMs }: Settled): string {
  const account = destination?.accountName ?? delivery.accountId;
  const why = reason ?? outcome?.error ?? 'unknown';
  const follows =
    next === 'retry'
      ? [`attempt ${attempts + 1}`, `due ${utc(Date.now() + delayMs)}`, 'Retry makes it at once', LOG]
      : ['none, given up', LOG];
  return [
    describeTarget(destination),
    `  event  ${delivery.eventId}`,
    `  of     ${account}`,
    `  why    ${why}`,
    `  next   ${follows.join('\n         ')}`,
  ].join('\n');
}
