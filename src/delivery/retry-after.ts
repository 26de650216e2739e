const MAX_RETRY_AFTER_MS = 24 * 3_600_000;
const HTTP_DATE = /^[A-Z][a-z]{2,8},? .{8,30} (GMT|\d{4})$/;

/** The wait that a Retry-After value asks for, from 0 to 24 h; null when it says nothing readable. */
export function parseRetryAfterMs(value: string, nowMs: number): number | null {
  const text = value.trim();
  const askedMs = /^\d{1,15}$/.test(text) ? Number(text) * 1000 : parseHttpDate(text) - nowMs;
  return Number.isNaN(askedMs) ? null : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, askedMs));
}

function parseHttpDate(text: string): number {
  if (!HTTP_DATE.test(text)) return NaN;
  // asctime dates have no zone, but HTTP ones are always GMT.
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
