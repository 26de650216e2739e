import { checkHeaders } from '../common/egress/header-rules.js';
import type { FieldError } from '../common/errors/problem.js';

export type HeaderMap = Record<string, string>;

/** What readers without Admin see for each value. Sent back, it keeps the stored value of that header. */
export const MASK = '***';

export function maskHeaders(names: string[]): HeaderMap {
  return Object.fromEntries(names.map((name) => [name, MASK]));
}

/** The headers to store for those that were sent, with everything that is wrong with them. */
export function resolveHeaders(
  sent: Record<string, unknown>,
  stored: HeaderMap,
): { headers: HeaderMap; errors: FieldError[] } {
  const known = new Map(Object.entries(stored).map(([name, value]) => [name.toLowerCase(), value]));
  const isLost = (name: string, value: unknown) => value === MASK && !known.has(name.toLowerCase());
  const entries = Object.entries(sent);
  // Object.fromEntries defines own properties, so a header named __proto__ is a header like others.
  const headers = Object.fromEntries(
    entries.map(([name, value]) => [name, value === MASK ? (known.get(name.toLowerCase()) ?? MASK) : value]),
  );
  const lost = entries
    .filter(([name, value]) => isLost(name, value))
    .map(([name]) => ({
      field: `headers.${name.slice(0, 64)}`,
      message: `is "${MASK}", which keeps the stored value, but no header of this name is stored; send its value`,
    }));
  return { headers: headers as HeaderMap, errors: [...checkHeaders(headers), ...lost] };
}

/**
 * True when an edit would send stored header values to another server. Whoever may not read them could read
 * them there.
 */
export function carriesSecretsAway(
  stored: { url: string; headerNames: string[] },
  edit: { url?: string; headers?: Record<string, unknown> },
): boolean {
  const isMoved = edit.url !== undefined && new URL(edit.url).origin !== new URL(stored.url).origin;
  if (!isMoved) return false;
  return edit.headers === undefined
    ? stored.headerNames.length > 0
    : Object.values(edit.headers).includes(MASK);
}
