import type { LogRow } from './log-rows.js';

/** What happened to a delivery and what comes next, in one sentence for a person. */
export function explain(row: LogRow): string {
  const target = row.url ?? 'The destination';
  if (row.source === 'manual') return `Recorded by a caller at ${time(row.received_at)}; nothing was sent.`;
  const tries = row.attempts === 1 ? '1 attempt' : `${row.attempts} attempts`;
  switch (row.status) {
    case 'success':
      return `${target} took it with status ${row.last_status_code} at ${time(row.processed_at!)} after ${tries}.`;
    case 'failed':
      return `Given up at ${time(row.processed_at!)} after ${tries}: ${row.last_error}. Replay it once the cause is mended.`;
    case 'cancelled':
      return `Cancelled at ${time(row.processed_at!)} after ${tries}: ${row.last_error}`;
    case 'held':
      return 'Held because the destination is paused or disabled; it is sent when the destination is active again.';
    default:
      return `${soFar(row, tries)} ${comingNext(row)}`;
  }
}

function soFar(row: LogRow, tries: string): string {
  return row.attempts === 0 ? 'Not tried yet.' : `Not delivered after ${tries}: ${row.last_error}.`;
}

function comingNext(row: LogRow): string {
  if (row.is_leased) return 'An attempt is under way.';
  return row.due_at instanceof Date && row.due_at.getTime() > Date.now()
    ? `The next attempt is at ${time(row.due_at)}.`
    : 'The next attempt starts within a second.';
}

const time = (date: Date): string => date.toISOString();
