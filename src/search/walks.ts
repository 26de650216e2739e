/** Rows of a page; `seenDownTo` is the id from which on all was looked at, null when everything was. */
export interface Found<Row> {
  rows: Row[];
  seenDownTo: string | null;
}

/** A row of a walk: one that was looked for, the last one that was looked at, or both. */
export type WalkedRow<Row> = Row & { is_hit: boolean; is_last: boolean };

/**
 * SQL that reads so many rows of `select` at most, newest first, and gives those that are hits, as many as are wanted;
 * the last one that may be read also where it is none, to say how far it came.
 */
export function walk(
  select: string,
  { isHit, most, limit }: { isHit: string; most: number; limit: number },
): string {
  return `(
    SELECT * FROM (
      SELECT walked.*, row_number() OVER () = ${most} AS is_last, ${isHit} AS is_hit
      FROM (${select} LIMIT ${most}) walked
    ) looked_at WHERE is_hit OR is_last LIMIT ${limit})`;
}

/**
 * SQL for the rows of some selects, each of which ends in its conditions, whose ids are in some ranges that are newest
 * first. Read one by one, so that none is read once whoever asks has enough.
 * @param ranges parameters with the first id of each and the one it ends before; rows for `each` of which it is read
 */
export function inRanges(
  selects: string[],
  { first, end, most, each }: { first: string; end: string; most: number; each?: string },
): string {
  const parts = selects.map(
    (select) => `${select} AND id >= range.first AND id < range.past ORDER BY id DESC LIMIT ${most}`,
  );
  return `
    SELECT part.* FROM (
      SELECT * FROM unnest(${first}::uuid[], ${end}::uuid[]) WITH ORDINALITY AS given (first, past, n) ORDER BY n) range${each ? ` CROSS JOIN ${each}` : ''}
    CROSS JOIN LATERAL (${parts.length === 1 ? parts[0] : `${newestOf(parts)} LIMIT ${most}`}) part
    ORDER BY range.n, part.id DESC`;
}

/** SQL for the rows of some selects, each of which gives its own newest first, in that order; it may be limited. */
export const newestOf = (selects: string[]): string =>
  `SELECT * FROM (${selects.map((select) => `(${select})`).join(' UNION ALL ')}) parts ORDER BY id DESC`;

/**
 * The hits of several walks, newest first, each once. What is older than any walk came to is left out, so that the
 * next page begins there for all of them.
 * @param stop from where on something else was looked at; null where it was all
 */
export function toFound<Row extends { id: string }>(rows: WalkedRow<Row>[], stop: string | null): Found<Row> {
  const stops = rows.filter((row) => row.is_last).map((row) => row.id);
  if (stop) stops.push(stop);
  const seenDownTo = stops.toSorted().at(-1) ?? null;
  const hits = new Map<string, Row>();
  for (const row of rows)
    if (row.is_hit && (seenDownTo === null || row.id >= seenDownTo)) hits.set(row.id, row);
  return { rows: [...hits.values()], seenDownTo };
}
