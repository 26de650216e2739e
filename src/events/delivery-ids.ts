import { firstIdOf, timeOf } from '../database/partitions.js';

/**
 * The deliveries of an event are dated the millisecond after it: whoever knows the event, or the time it came,
 * finds them by a range of ids, and no index by event has to be kept.
 */
export const DELIVERY_DATED_AFTER_MS = 1;

/** The first delivery id that no delivery of `event` has; they are between the event's own id and this one. */
export const deliveriesEndBefore = (event: string): string =>
  firstIdOf(timeOf(event) + DELIVERY_DATED_AFTER_MS + 1);
