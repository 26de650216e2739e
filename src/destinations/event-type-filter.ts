export type EventTypeFilter = (type: string | null) => boolean;

/**
 * Tells which events a destination takes. No entry or `*` takes all, those without a type included;
 * `user.*` takes `user.created` and `user.email.changed` but not `user`.
 */
export function compileFilter(eventTypes: string[]): EventTypeFilter {
  if (eventTypes.length === 0 || eventTypes.includes('*')) return () => true;
  const exact = new Set(eventTypes.filter((entry) => !entry.endsWith('.*')));
  const prefixes = eventTypes.filter((entry) => entry.endsWith('.*')).map((entry) => entry.slice(0, -1));
  return (type) =>
    type !== null &&
    (exact.has(type) || prefixes.some((prefix) => type.length > prefix.length && type.startsWith(prefix)));
}
