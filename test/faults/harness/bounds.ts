import type { Round } from './round.js';

/**
 * A result waits for its batch, and its commit is asynchronous: the server writes that within three rounds of its
 * WAL writer of 200 ms each.
 */
const UNWRITTEN_MS = 1000;

/**
 * Deliveries that may arrive twice if `workers` of the workers, or the database under all of them, die now, or died
 * at some moment since `from`: what is under way and what was taken but is not written down yet.
 */
export function mayRepeat(
  { rig, inFlightLimit }: Round,
  workers: number,
  from: number = performance.now(),
): number {
  const since = from - UNWRITTEN_MS;
  const unwritten = rig.receiver.records.filter(({ takenAt }) => takenAt !== null && takenAt > since);
  return workers * inFlightLimit + unwritten.length;
}
