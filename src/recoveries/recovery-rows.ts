import type { EntityManager } from 'typeorm';
import { PAGE_EVERY_MS } from './pace.js';
import type { RecoveryDestinationView, RecoveryDetailView, RecoveryView } from './recoveries.dto.js';
import type { RecoverableStatus, RecoveryState } from './recovery.entity.js';

interface ProgressRow {
  matched: number;
  replayed: number;
  skipped: number;
}

export interface RecoveryRow extends ProgressRow {
  id: string;
  account_id: string;
  state: RecoveryState;
  status: RecoverableStatus;
  destination_ids: string[] | null;
  event_type: string | null;
  from_at: Date;
  to_at: Date;
  is_exact: boolean;
  created_by: string | null;
  updated_by: string | null;
  created_at: Date;
  updated_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  oldest_at: Date | null;
  newest_at: Date | null;
  seconds_left: number;
}

export interface DestinationRow extends ProgressRow {
  destination_id: string;
  url: string | null;
  ended: boolean;
}

/** A destination gets as many at once as it has places; the slowest of them decides how long all takes. */
const SECONDS_LEFT = `
  ceil((p.matched - p.replayed - p.skipped)
    / least(d.max_in_flight * ${1000 / PAGE_EVERY_MS}, d.rate_limit_per_second)::float8)`;

const SELECT = `
  SELECT r.*, sums.* FROM recoveries r CROSS JOIN LATERAL (
    SELECT coalesce(sum(p.matched), 0)::float8 AS matched, coalesce(sum(p.replayed), 0)::float8 AS replayed,
      coalesce(sum(p.skipped), 0)::float8 AS skipped, min(p.oldest_at) AS oldest_at, max(p.newest_at) AS newest_at,
      coalesce(max(${SECONDS_LEFT}) FILTER (WHERE p.ended_at IS NULL), 0)::float8 AS seconds_left
    FROM recovery_destinations p LEFT JOIN destinations d ON d.id = p.destination_id
    WHERE p.recovery_id = r.id) sums
  WHERE r.account_id = $1`;

export async function findRecovery(
  manager: EntityManager,
  accountId: string,
  id: string,
): Promise<RecoveryRow | undefined> {
  const [row]: RecoveryRow[] = await manager.query(`${SELECT} AND r.id = $2`, [accountId, id]);
  return row;
}

/** Newest first, below `cursor` where there is one. */
export const listRecoveries = (
  manager: EntityManager,
  accountId: string,
  { cursor, state, limit }: { cursor: string | null; state?: RecoveryState; limit: number },
): Promise<RecoveryRow[]> =>
  manager.query(
    `${SELECT} AND ($2::uuid IS NULL OR r.id < $2) AND ($3::text IS NULL OR r.state = $3)
     ORDER BY r.id DESC LIMIT $4`,
    [accountId, cursor, state ?? null, limit],
  );

export const listDestinations = (manager: EntityManager, id: string): Promise<DestinationRow[]> =>
  manager.query(
    `SELECT p.destination_id, p.matched, p.replayed, p.skipped, p.ended_at IS NOT NULL AS ended,
       CASE WHEN d.deleted_at IS NULL THEN d.url END AS url
     FROM recovery_destinations p LEFT JOIN destinations d ON d.id = p.destination_id
     WHERE p.recovery_id = $1 ORDER BY p.matched DESC, p.destination_id`,
    [id],
  );

/**
 * Moves a recovery to `state` from one of `from`. Its walks are locked first, which waits for the pages being made.
 * @returns the state it was in; null where that is none of them, or it is not there.
 */
export async function changeState(
  manager: EntityManager,
  change: { id: string; accountId: string; state: RecoveryState; from: RecoveryState[]; userId: string },
): Promise<RecoveryState | null> {
  const { id, accountId, state, from, userId } = change;
  await manager.query(
    `SELECT FROM recovery_destinations p JOIN recoveries r ON r.id = p.recovery_id
     WHERE r.id = $1 AND r.account_id = $2 ORDER BY p.destination_id FOR UPDATE OF p`,
    [id, accountId],
  );
  const [[was]]: [{ state: RecoveryState }[]] = await manager.query(
    `WITH was AS (
       SELECT id, state FROM recoveries WHERE id = $1 AND account_id = $2 AND state = ANY($4::text[]) FOR UPDATE
     )
     UPDATE recoveries r SET state = $3, updated_by = $5, updated_at = now(),
       started_at = CASE WHEN $3 = 'running' THEN coalesce(started_at, now()) ELSE started_at END,
       ended_at = CASE WHEN $3 = 'cancelled' THEN now() END
     FROM was WHERE r.id = was.id RETURNING was.state`,
    [id, accountId, state, from, userId],
  );
  return was?.state ?? null;
}

export function toRecoveryView(row: RecoveryRow): RecoveryView {
  const { matched, replayed, skipped } = row;
  const hasEnded = row.ended_at !== null;
  return {
    id: row.id,
    account_id: row.account_id,
    state: row.state,
    filter: {
      destination_ids: row.destination_ids,
      status: row.status,
      event_type: row.event_type,
      from: row.from_at.toISOString(),
      to: row.to_at.toISOString(),
    },
    matched,
    matched_is_exact: row.is_exact,
    replayed,
    skipped,
    progress_percent: row.state === 'completed' ? 100 : percent(replayed + skipped, matched),
    estimated_seconds: hasEnded ? null : Math.max(0, row.seconds_left),
    oldest_received_at: row.oldest_at?.toISOString() ?? null,
    newest_received_at: row.newest_at?.toISOString() ?? null,
    created_by: row.created_by,
    updated_by: row.updated_by,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    started_at: row.started_at?.toISOString() ?? null,
    ended_at: row.ended_at?.toISOString() ?? null,
  };
}

export const toRecoveryDetailView = (row: RecoveryRow, destinations: DestinationRow[]): RecoveryDetailView =>
  Object.assign(toRecoveryView(row), { destinations: destinations satisfies RecoveryDestinationView[] });

/** 100 only when it is completed. */
const percent = (done: number, of: number): number =>
  of === 0 ? 0 : Math.min(99, Math.floor((100 * done) / of));
