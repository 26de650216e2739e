import { type StatusCounts, countNames } from './status-counts.js';

/**
 * What became of an event id:
 * - unknown: never accepted by this account
 * - unrouted: accepted, and no destination wanted it
 * - delivered, pending, retrying, held, failed, cancelled: every delivery is
 * - mixed: the deliveries differ; the counts tell
 * - removed: accepted; its rows are past their retention
 * - incomplete: a destination matched of which there is no delivery; only a fault does this
 */
export const eventStates = [
  'unknown',
  'unrouted',
  'delivered',
  'pending',
  'retrying',
  'held',
  'failed',
  'cancelled',
  'mixed',
  'removed',
  'incomplete',
] as const;
export type EventState = (typeof eventStates)[number];

/** @param matched how many destinations the event matched; null where the event's own row is not kept any more. */
export function stateOf(matched: number | null, counts: StatusCounts): EventState {
  const present = countNames.filter((name) => counts[name] > 0);
  const found = countNames.reduce((sum, name) => sum + counts[name], 0);
  if (matched === 0) return 'unrouted';
  if (matched === null && found === 0) return 'removed';
  if (matched !== null && found < matched) return 'incomplete';
  return present.length === 1 ? present[0]! : 'mixed';
}
