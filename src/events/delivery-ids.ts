import { uuidv7 } from '../common/uuid.js';
import { firstIdOf, timeOf } from '../database/partitions.js';

/**
 * The deliveries of an event are dated the millisecond after it: whoever knows the event, or the time it came,
 * finds them by a range of ids, and no index by event has to be kept.
 */
export const DELIVERY_DATED_AFTER_MS = 1;

/** The first delivery id that no delivery of `event` has; they are between the event's own id and this one. */
export const deliveriesEndBefore = (event: string): string =>
  firstIdOf(timeOf(event) + DELIVERY_DATED_AFTER_MS + 1);

/** The largest value of the 12 bits behind the version. */
const REPLAY_SEQ = 0xfff;
const REPLAY_MARK = REPLAY_SEQ.toString(16);
const MARK_AT = 15;

/**
 * A delivery of `event` made again, whenever that is: dated as the first ones, so that it is found, balanced and
 * removed with them; among them it sorts last.
 */
export const newReplayId = (event: string): string =>
  uuidv7(timeOf(event) + DELIVERY_DATED_AFTER_MS, REPLAY_SEQ);

/** For statistics: of other deliveries, one in 4096 looks like a replay as well. */
export const looksLikeReplay = (deliveryId: string): boolean => deliveryId.startsWith(REPLAY_MARK, MARK_AT);

/** SQL: that delivery `other` is of the same event as `delivery`, by the range of ids in which those are. */
export const sqlOfSameEvent = (other: string, delivery: string): string => `
  ${other}.id BETWEEN (left(${delivery}.id::text, 14) || '0000-0000-000000000000')::uuid
    AND (left(${delivery}.id::text, 14) || 'ffff-ffff-ffffffffffff')::uuid
  AND ${other}.event = ${delivery}.event`;
