import type { EntityManager } from 'typeorm';
import { DAY_MS, firstIdOf, timeOf } from '../database/partitions.js';
import { sqlOfSameEvent } from '../events/delivery-ids.js';
import { firstDeliveryOf } from './match-statement.js';
import type { RecoverableStatus } from './recovery.entity.js';

/** The walk of a running recovery through one destination. */
export interface Walk {
  recovery_id: string;
  destination_id: string;
  walked_to: string;
  account_id: string;
  account_name: string;
  status: RecoverableStatus;
  event_type: string | null;
  to_at: Date;
  created_at: Date;
}

/** A delivery the walk comes by, as the log tells it. */
interface LogRow {
  id: string;
  event: string;
  event_id: string;
  event_type: string | null;
  received_at: Date;
}

interface Judgement {
  id: string;
  /** Null when the body is not kept any more. */
  bytes: number | null;
  /** It has arrived by another delivery, or is made again with an earlier one, as things were at the beginning. */
  is_covered: boolean;
  /** Somebody has made it again since, or it is on its way. */
  is_made_again: boolean;
}

export type SeenDelivery = LogRow & Judgement;

/** So many rows of the log are looked at for a page of `room` deliveries: enough also where some need nothing. */
const seenAtMost = (room: number): number => 2 * room + 100;

const seeing = (status: RecoverableStatus): string => `
  SELECT id, event, event_id, event_type, received_at FROM finished_deliveries
  WHERE account_id = $1 AND destination_id = $2 AND status = '${status}' AND id > $3::uuid AND id < $4::uuid
    AND processed_at <= $5 AND ($6::text IS NULL OR event_type = $6)
  ORDER BY id LIMIT $7`;

/** $7 and $8 hold for every row and tell the planner which days to look at. */
const JUDGE = `
  SELECT f.id, octet_length(e.payload) AS bytes, coalesce(others.is_covered, false) AS is_covered,
    coalesce(others.is_made_again, false) OR EXISTS (
      SELECT FROM deliveries o WHERE o.destination_id = $2 AND ${sqlOfSameEvent('o', 'f')}) AS is_made_again
  FROM unnest($3::uuid[], $4::uuid[]) AS f (id, event)
  LEFT JOIN events e ON e.account_id = $1 AND e.id = f.event AND e.id >= $7 AND e.id <= $8
  CROSS JOIN LATERAL (
    SELECT bool_or(o.processed_at > $5) AS is_made_again,
      bool_or(o.processed_at <= $5 AND (o.status = $6 AND o.id < f.id OR $6 <> 'success' AND o.status = 'success'))
        AS is_covered
    FROM finished_deliveries o
    WHERE o.account_id = $1 AND o.destination_id = $2 AND o.id > $7 AND o.id <= $8::uuid
      AND ${sqlOfSameEvent('o', 'f')}
  ) others`;

/** The next stretch of the log of a destination. */
export interface Stretch {
  seen: SeenDelivery[];
  /** Deliveries before this id were all seen. */
  seenBefore: string;
  /** Nothing comes after it. */
  isLast: boolean;
}

/** What the walk comes by next, in order, up to the end of a day, so that a page reads one partition of each table. */
export async function seeNext(manager: EntityManager, walk: Walk, room: number): Promise<Stretch> {
  const limit = seenAtMost(room);
  const end = firstDeliveryOf(walk.to_at);
  const endOfDay = firstIdOf((Math.floor(timeOf(walk.walked_to) / DAY_MS) + 1) * DAY_MS);
  const before = endOfDay < end ? endOfDay : end;
  const rows: LogRow[] = await manager.query(seeing(walk.status), [
    walk.account_id,
    walk.destination_id,
    walk.walked_to,
    before,
    walk.created_at,
    walk.event_type,
    limit,
  ]);
  const isWhole = rows.length < limit;
  return {
    seen: await judge(manager, walk, rows),
    seenBefore: isWhole ? before : rows.at(-1)!.id,
    isLast: isWhole && before === end,
  };
}

/** Rows of the log never change, so only what others made of them does. */
async function judge(manager: EntityManager, walk: Walk, rows: LogRow[]): Promise<SeenDelivery[]> {
  const { account_id: account, destination_id: destination, created_at: createdAt, status } = walk;
  if (rows.length === 0) return [];
  const events = rows.map(({ event }) => event);
  const ids = rows.map(({ id }) => id);
  const judged: Judgement[] = await manager.query(JUDGE, [
    account,
    destination,
    ids,
    events,
    createdAt,
    status,
    events.toSorted()[0],
    endOf(ids.at(-1)!),
  ]);
  const byId = new Map(judged.map((row) => [row.id, row]));
  return rows.map((row) => Object.assign(row, byId.get(row.id)!));
}

/** The last id of the millisecond of `id`. */
const endOf = (id: string): string => `${id.slice(0, 14)}ffff-ffff-ffffffffffff`;
