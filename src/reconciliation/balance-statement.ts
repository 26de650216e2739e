import type { DataSource } from 'typeorm';
import { firstIdOf, sqlFirstIdOf, sqlHeldSinceMs, sqlTornUntilMs } from '../database/partitions.js';
import { DELIVERY_DATED_AFTER_MS } from '../events/delivery-ids.js';
import type { Period } from './period.js';
import { type StatusCounts, countNames, sqlStatusCounts } from './status-counts.js';

/** More destinations of an account than this are not told one by one. */
export const MAX_DESTINATIONS = 100;

export interface BalanceRow extends StatusCounts {
  /** Events × the destinations they matched, as their own rows say. */
  matched: number;
  /** Deliveries that were matched and of which there is no row; only a fault makes one. */
  missing: number;
  /** Rows of deliveries that no event asked for. */
  surplus: number;
}

export interface Balance {
  /** Earlier events are not kept; 0 when nothing was ever dropped. */
  keptSinceMs: number;
  events: number;
  total: BalanceRow;
  /** Deliveries that no accepted event made: replays and tests. */
  others: ({ origin: string } & StatusCounts)[];
  destinations: ({ destination_id: string | null; url: string | null } & BalanceRow)[];
}

/**
 * Events received from this moment on are kept, and so are all their deliveries; retention may drop a day of one
 * table before, or without, that of the other. Repeated where it is needed: read from a CTE it would keep
 * PostgreSQL from scanning with several processes.
 */
const KEPT_SINCE_MS = `coalesce(greatest(
  ${sqlHeldSinceMs('events')},
  ${sqlHeldSinceMs('finished_deliveries')} - ${DELIVERY_DATED_AFTER_MS},
  ${sqlTornUntilMs('events', 'finished_deliveries')}), 0)`;

/** IS TRUE hides it from the planner, which would take it for a much shorter range and pick the wrong scan. */
const notBefore = (ms: string): string => `(id >= (SELECT ${sqlFirstIdOf(ms)})) IS TRUE`;

/**
 * Everything is counted by one statement, so that all figures are of the same moment: a delivery that moves from
 * one table to the other meanwhile is counted once. What should be there comes from the events alone, what is
 * there from the deliveries alone. Events with the same destinations are grouped first, so each table is read once.
 */
const balance = (ofAccount: string, destinations: string): string => `
  WITH accepted AS MATERIALIZED (
    SELECT destination_ids, count(*) AS n FROM events
    WHERE id >= $1 AND id < $2 AND ${notBefore(KEPT_SINCE_MS)} ${ofAccount}
    GROUP BY destination_ids
  ), matched AS (
    SELECT destination_id, sum(n) AS matched
    FROM accepted CROSS JOIN unnest(destination_ids) AS destination_id GROUP BY destination_id
  ), counted AS MATERIALIZED (
    SELECT destination_id, origin, status, count(*) AS n FROM (
      ${['deliveries', 'finished_deliveries'].map((table) => rowsOf(table, ofAccount)).join(' UNION ALL ')}
    ) rows GROUP BY destination_id, origin, status
  ), found AS (
    SELECT destination_id, sum(n) AS found, ${sqlStatusCounts}
    FROM counted WHERE origin = 'event' GROUP BY destination_id
  ), balance AS MATERIALIZED (
    SELECT destination_id, coalesce(matched, 0) AS matched,
      greatest(coalesce(matched, 0) - coalesce(found, 0), 0) AS missing,
      greatest(coalesce(found, 0) - coalesce(matched, 0), 0) AS surplus,
      ${countNames.map((name) => `coalesce(${name}, 0) AS ${name}`).join(', ')}
    FROM matched FULL JOIN found USING (destination_id)
  )
  SELECT ${KEPT_SINCE_MS}::float8 AS "keptSinceMs",
    (SELECT coalesce(sum(n), 0)::float8 FROM accepted) AS events,
    (SELECT to_json(t) FROM (SELECT ${total} FROM balance) t) AS total,
    (SELECT coalesce(json_agg(t), '[]') FROM (
      SELECT origin, ${sqlStatusCounts} FROM counted WHERE origin <> 'event' GROUP BY origin ORDER BY origin) t
    ) AS others,
    ${destinations} AS destinations`;

const rowsOf = (table: string, ofAccount: string): string => `
  SELECT destination_id, origin, status FROM ${table}
  WHERE id >= $3 AND id < $4
    AND ${notBefore(`${KEPT_SINCE_MS} + ${DELIVERY_DATED_AFTER_MS}`)} ${ofAccount}`;

const total = ['matched', 'missing', 'surplus', ...countNames]
  .map((name) => `coalesce(sum(${name}), 0) AS ${name}`)
  .join(', ');

const OF_ALL = balance('', `'[]'::json`);

const OF_ACCOUNT = balance(
  'AND account_id = $5',
  `(SELECT coalesce(json_agg(t), '[]') FROM (
     SELECT b.*, d.url FROM balance b LEFT JOIN destinations d ON d.id = b.destination_id
     ORDER BY b.matched + b.surplus - b.delivered DESC, b.destination_id LIMIT ${MAX_DESTINATIONS}) t)`,
);

/** @param accountId null counts over all accounts, without their destinations. */
export async function readBalance(
  dataSource: DataSource,
  { fromMs, toMs }: Period,
  accountId: string | null,
): Promise<Balance> {
  const range = [fromMs, toMs, fromMs + DELIVERY_DATED_AFTER_MS, toMs + DELIVERY_DATED_AFTER_MS].map(
    firstIdOf,
  );
  const [row]: [Balance] =
    accountId === null
      ? await dataSource.query(OF_ALL, range)
      : await dataSource.query(OF_ACCOUNT, [...range, accountId]);
  return row;
}
