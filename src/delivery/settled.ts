import type { DeliverableDestination } from '../destinations/destination-reader.js';
import type { ClaimedDelivery } from './contract.js';
import type { Ending } from './ending.js';
import type { Outcome } from './outcome.js';
import type { DeliveryResult } from './result-statement.js';

/** What a claimed delivery came to, for the board and its jobs. */
export interface Settled {
  delivery: ClaimedDelivery;
  next: DeliveryResult['next'];
  /** Attempts behind it now. */
  attempts: number;
  delayMs: number;
  outcome: Outcome | null;
  reason: string | null;
  destination: DeliverableDestination | null;
  /** False when its lease had passed to somebody else before the result was recorded. */
  isOurs: boolean;
}

export const settledOf = (
  delivery: ClaimedDelivery,
  destination: DeliverableDestination | null,
  { next, attempts = delivery.attempts, delayMs = 0, reason = null, attempt }: Ending,
  isOurs: boolean,
): Settled => ({
  delivery,
  next,
  attempts,
  delayMs,
  reason,
  outcome: attempt?.outcome ?? null,
  destination,
  isOurs,
});

/** Method and URL without query and fragment, which may hold secrets. */
export function describeTarget(destination: DeliverableDestination | null): string {
  return destination
    ? `${destination.httpMethod} ${destination.url.replace(/[?#].*$/, '')}`
    : 'a deleted destination';
}
