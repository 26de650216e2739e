import { invalid } from '../common/errors/problem.js';

const DAY_MS = 86_400_000;
export const DEFAULT_HOURS = 24;
export const MAX_DAYS = 31;

/** Receive times of events: from `fromMs` on and before `toMs`. */
export interface Period {
  fromMs: number;
  toMs: number;
}

/** @throws Problem 400 that names the field. */
export function readPeriod(query: { from?: string; to?: string }, nowMs = Date.now()): Period {
  const toMs = query.to === undefined ? nowMs : readTime('to', query.to);
  const fromMs = query.from === undefined ? toMs - DEFAULT_HOURS * 3_600_000 : readTime('from', query.from);
  if (fromMs >= toMs) throw invalid('from', 'must be before to, which is now where it is not sent');
  if (toMs - fromMs > MAX_DAYS * DAY_MS)
    throw invalid(
      'from',
      `must not be more than ${MAX_DAYS} days before to, which is now where it is not sent`,
    );
  return { fromMs, toMs };
}

function readTime(field: string, text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw invalid(field, 'must be an RFC 3339 time such as 2026-01-31T09:30:00Z');
  return ms;
}
