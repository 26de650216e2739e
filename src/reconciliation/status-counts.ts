/** What a delivery is called in a reconciliation, and the status of its row. */
const STATUS_OF = {
  delivered: 'success',
  pending: 'pending',
  retrying: 'retrying',
  held: 'held',
  failed: 'failed',
  cancelled: 'cancelled',
} as const;

export const countNames = Object.keys(STATUS_OF) as CountName[];
export type CountName = keyof typeof STATUS_OF;
export type StatusCounts = Record<CountName, number>;

/** SQL: a column for each status, out of grouped rows of `status` and how many, `n`. */
export const sqlStatusCounts = countNames
  .map((name) => `coalesce(sum(n) FILTER (WHERE status = '${STATUS_OF[name]}'), 0) AS ${name}`)
  .join(', ');

export function countByStatus(rows: { status: string; n: number }[]): StatusCounts {
  const counts = {} as StatusCounts;
  for (const name of countNames) counts[name] = rows.find(({ status }) => status === STATUS_OF[name])?.n ?? 0;
  return counts;
}
