import { historyOf } from './history.js';
import type { Round } from './round.js';

export interface Lateness {
  ms: number;
  /** Destination and event id. */
  what: string;
}

/**
 * The latest delivery, counted from its acknowledgement or from the last of `excuses` (performance.now(), such as
 * the death of what should have delivered it) before it arrived. What was acknowledged before `since` does not count.
 */
export function latest({ producer, rig }: Round, excuses: number[] = [], since = 0): Lateness {
  const firstTaken = new Map<string, number>();
  for (const { destination, eventId, takenAt } of rig.receiver.records) {
    const key = `${destination} ${eventId}`;
    if (takenAt !== null && !firstTaken.has(key)) firstTaken.set(key, takenAt);
  }
  let worst: Lateness = { ms: 0, what: 'none' };
  for (const [what, takenAt] of firstTaken) {
    const acknowledgedAt = producer.ledger.get(what.split(' ')[1]!)?.acknowledgedAt ?? takenAt;
    const lastExcuse = Math.max(...excuses.filter((at) => at < takenAt), 0);
    const ms = takenAt - Math.max(acknowledgedAt, lastExcuse);
    if (acknowledgedAt >= since && ms > worst.ms) worst = { ms: Math.round(ms), what };
  }
  return worst;
}

/** Demands that nothing came later than `allowedMs`; what did is told with its attempts. */
export async function checkLatest(round: Round, { ms, what }: Lateness, allowedMs: number): Promise<void> {
  if (ms <= allowedMs) return;
  const history = await historyOf(round, what);
  round.check(false, `${what} came after ${ms} ms, ${allowedMs} are allowed: ${history}`);
}
