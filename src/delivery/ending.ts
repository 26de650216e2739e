import type { DeliverableDestination } from '../destinations/destination-reader.js';
import type { ClaimedDelivery } from './contract.js';
import type { Decision } from './outcome-rules.js';
import type { DeliveryResult } from './result-statement.js';

const MAX_PUT_BACK_MS = 60_000;
const UNREADABLE_WAIT_MS = 5000;

/** How the work on a claimed delivery ends; without an attempt it goes on as it was. */
export type Ending = Pick<DeliveryResult, 'next'> &
  Partial<Pick<DeliveryResult, 'attempts' | 'delayMs' | 'reason' | 'attempt'>> & {
    /** Why nothing more is sent to the destination. */
    disables?: string;
  };

/** As an attempt decided, the `attempts`th of its delivery. */
export const attempted = (
  decision: Decision,
  attempts: number,
  attempt: NonNullable<DeliveryResult['attempt']>,
): Ending => ({
  next: decision.next === 'disable' ? 'failed' : decision.next,
  attempts,
  delayMs: decision.next === 'retry' ? decision.delayMs : 0,
  reason: 'reason' in decision ? decision.reason : null,
  attempt,
  disables: decision.next === 'disable' ? decision.reason : undefined,
});

/** Back to the others, due when its destination is expected to have a place. */
export const putBack = (delayMs: number): Ending => ({
  next: 'release',
  delayMs: Math.min(delayMs, MAX_PUT_BACK_MS),
});

/** Back to the others for a while, because nobody could say where it goes. */
export const unreadable = (error: Error): Ending => ({
  next: 'release',
  delayMs: UNREADABLE_WAIT_MS,
  reason: `The destination could not be read: ${error.message}.`,
});

/** What to do instead of sending; null when nothing stands in the way. */
export function whyNot(delivery: ClaimedDelivery, destination: DeliverableDestination | null): Ending | null {
  if (!destination || destination.deleted)
    return { next: 'cancelled', reason: 'The destination was deleted.' };
  if (delivery.payload === null)
    return { next: 'cancelled', reason: 'The event was removed by retention before it could be delivered.' };
  if (destination.state !== 'active') return { next: 'hold' };
  return null;
}
