const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `5s`, `30m`, `2h`, `1d` or `250ms` as milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (!match) throw new Error(`has "${text}" where a duration such as 5s, 30m or 2h is expected`);
  return Number(match[1]) * UNIT_MS[match[2]!]!;
}

/** Says milliseconds the way a person would: `5 s`, `30 min`, `2 h`. */
export function describeDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 360_000) / 10} h`;
}
