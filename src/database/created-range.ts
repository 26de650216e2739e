import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { DAY_MS, firstIdOf } from './partitions.js';

/** Ids are dated by the clock of the process that made them, `created_at` by the database's. */
const CLOCKS_APART_MS = DAY_MS;

/**
 * Adds when rows of `alias` were created to a list in order of id. The range of ids around the time lets the list
 * begin and end there instead of walking past everything that is newer.
 */
export function addCreatedRange<Row extends ObjectLiteral>(
  select: SelectQueryBuilder<Row>,
  alias: string,
  { created_from: from, created_to: to }: { created_from?: string; created_to?: string },
): void {
  if (from)
    select
      .andWhere(`${alias}.created_at >= :from`, { from })
      .andWhere(`${alias}.id >= :firstId`, { firstId: firstIdOf(Date.parse(from) - CLOCKS_APART_MS) });
  if (to)
    select
      .andWhere(`${alias}.created_at < :to`, { to })
      .andWhere(`${alias}.id < :endId`, { endId: firstIdOf(Date.parse(to) + CLOCKS_APART_MS) });
}
