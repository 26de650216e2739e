import { FIRST_ID } from '../common/uuid.js';
import { DAY_MS, firstIdOf, timeOf } from '../database/partitions.js';
import { endOfTime } from '../search/text-search.js';
import { inRanges } from '../search/walks.js';
import { FINISHED, FINISHED_STATUSES, type LogFilter, MANUAL, OPEN } from './log-rows.js';

const SHORTEST_MS = 5000;
const LONGEST_MS = DAY_MS / 4;
/** What is older is one window. */
const FURTHEST_MS = 32 * DAY_MS;

/**
 * Ranges of ids to look for a page in, newest first. Each goes twice as far back as the one before, until they are a
 * quarter of a day long: a page is found after a few, however busy or quiet the log is, with not much more read than it shows.
 * @param before the id they end before; null for all there are
 * @param from the id they may begin at; null for the first one
 * @returns the first id of each, and the one it ends before
 */
export function windowsBefore(
  before: string | null,
  from: string | null,
): { first: string[]; end: string[] } {
  const startMs = before === null ? Date.now() : timeOf(before);
  const lowest = from ?? FIRST_ID;
  const first: string[] = [];
  for (let backMs = SHORTEST_MS; backMs <= FURTHEST_MS; backMs += Math.min(backMs, LONGEST_MS)) {
    const id = firstIdOf(startMs - backMs);
    if (id <= lowest) break;
    first.push(id);
  }
  first.push(lowest);
  return { first, end: [before ?? endOfTime(), ...first.slice(0, -1)] };
}

/**
 * Selects, ended by their order, of a page of what no index has in order of ids, newest first and one for each place: of
 * each window an index gives the ids, which are sorted; the page is read by its ids.
 * @param windows parameters with what `windowsBefore` gives
 */
export function partsInWindows(
  { where, manual, status, isByStatus }: LogFilter,
  windows: { first: string; end: string },
  limit: number,
): string[] {
  const read = (select: string, each?: string) => inRanges([select], { ...windows, most: limit, each });
  const isStatus = status ? `status = '${status}'` : 'true';
  const open = read(`${OPEN} WHERE ${where} AND ${isStatus}`);
  if (status && !FINISHED_STATUSES.includes(status)) return [open];

  const ids = 'SELECT account_id, id FROM finished_deliveries';
  // From a row, as then only an index that begins with the status is left to take: which of the others has few rows of
  // a window PostgreSQL cannot know.
  const statuses = `unnest('{${(status ? [status] : FINISHED_STATUSES).join()}}'::text[]) AS one (status)`;
  const newest = isByStatus
    ? read(`${ids} WHERE ${where} AND status = one.status`, statuses)
    : read(`${ids} WHERE ${where} AND ${isStatus}`);
  const finished = `${FINISHED} WHERE (account_id, id) IN (${newest} LIMIT ${limit}) ORDER BY id DESC`;
  const own = read(`${MANUAL} WHERE ${manual} AND ${isStatus}`);
  return status ? [finished, own] : [open, finished, own];
}
