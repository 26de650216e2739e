import type { DataSource } from 'typeorm';
import { firstIdOf } from '../database/partitions.js';

/** However much a destination gets, so many of its newest deliveries tell how it is, and are counted in milliseconds. */
const MAX_FINISHED = 5000;
const MAX_BACKLOG = 2000;
const SAMPLED = { finished: 400, retrying: 50, failed: 20 };
/** Ids of attempts end here: without an end the partitions of days to come would be looked into. */
const CLOCKS_DIFFER_MS = 3_600_000;

export interface StatsRow {
  success: number;
  failed: number;
  cancelled: number;
  /** Null without any delivery; set when there are as many as are counted. */
  oldest_counted: string | null;
  is_more_finished: boolean;
  sampled: number;
  sampled_failed: number;
  /** p50, p95 and p99 in milliseconds. */
  latencies: number[] | null;
  last_error: {
    started_at: string;
    delivery_id: string;
    event_id: string | null;
    status_code: number | null;
    error: string;
  } | null;
  pending: number;
  retrying: number;
  held: number;
  is_more_open: boolean;
  oldest_due_at: Date | null;
  overdue_seconds: number;
}

/** Each status is read by itself, because the index begins with it; the newest of all are those of the newest of each. */
const finishedOf = (status: string): string => `
  (SELECT id, status FROM finished_deliveries
   WHERE destination_id = $1 AND status = '${status}' AND id >= $3 AND id < $4
   ORDER BY id DESC LIMIT ${MAX_FINISHED + 1})`;

const STATS = `
  WITH finished AS MATERIALIZED (
    SELECT id, status, row_number() OVER (ORDER BY id DESC) AS place
    FROM (${['success', 'failed', 'cancelled'].map(finishedOf).join(' UNION ALL ')}) each
    ORDER BY id DESC LIMIT ${MAX_FINISHED + 1}
  ), counted AS MATERIALIZED (
    SELECT * FROM finished WHERE place <= ${MAX_FINISHED}
  ), backlog AS MATERIALIZED (
    SELECT id, status, due_at, row_number() OVER (ORDER BY due_at) AS place FROM (
      SELECT id, status, due_at FROM deliveries WHERE destination_id = $1 ORDER BY due_at LIMIT ${MAX_BACKLOG + 1}
    ) open
  ), sample AS (
    SELECT id FROM counted WHERE status <> 'cancelled' AND place <= ${SAMPLED.finished}
    UNION ALL (SELECT id FROM backlog WHERE status = 'retrying' ORDER BY place LIMIT ${SAMPLED.retrying})
  ), tried AS MATERIALIZED (
    SELECT a.delivery_id, a.started_at, a.duration_ms, a.status_code, a.error
    FROM sample JOIN attempts a ON a.delivery_id = sample.id AND a.id >= $3 AND a.id < $5
    WHERE NOT a.superseded
    UNION ALL
    SELECT sample.id, f.attempt_started_at, f.attempt_duration_ms, f.last_status_code, NULL
    FROM sample CROSS JOIN LATERAL (
      SELECT * FROM finished_deliveries
      WHERE account_id = $2 AND id = sample.id AND id >= $3 AND id < $4 AND attempt_id >= $3 AND attempt_id < $5
      -- One by one: a join may read all that the account has.
      LIMIT 1
    ) f
  ), failing AS (
    SELECT * FROM (
      SELECT delivery_id, started_at, status_code, error FROM tried WHERE error IS NOT NULL
      UNION ALL
      SELECT a.delivery_id, a.started_at, a.status_code, a.error
      FROM (SELECT id FROM counted WHERE status = 'failed' ORDER BY id DESC LIMIT ${SAMPLED.failed}) failed
      JOIN attempts a ON a.delivery_id = failed.id AND a.id >= $3 AND a.id < $5
      WHERE a.error IS NOT NULL
    ) failures ORDER BY started_at DESC LIMIT 1
  )
  SELECT f.*, t.*, b.*, (
    SELECT to_json(e) FROM (
      SELECT failing.*, coalesce(
        (SELECT event_id FROM deliveries d WHERE d.id = failing.delivery_id),
        (SELECT event_id FROM finished_deliveries d WHERE d.account_id = $2 AND d.id = failing.delivery_id
         AND d.id >= $3)) AS event_id
      FROM failing) e) AS last_error
  FROM (
    SELECT count(*) FILTER (WHERE status = 'success')::integer AS success,
      count(*) FILTER (WHERE status = 'failed')::integer AS failed,
      count(*) FILTER (WHERE status = 'cancelled')::integer AS cancelled,
      min(id::text) AS oldest_counted,
      EXISTS (SELECT 1 FROM finished WHERE place > ${MAX_FINISHED}) AS is_more_finished
    FROM counted
  ) f, (
    SELECT count(*)::integer AS sampled, count(error)::integer AS sampled_failed,
      percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_ms)
        FILTER (WHERE status_code IS NOT NULL) AS latencies
    FROM tried
  ) t, (
    SELECT count(*) FILTER (WHERE status = 'pending' AND place <= ${MAX_BACKLOG})::integer AS pending,
      count(*) FILTER (WHERE status = 'retrying' AND place <= ${MAX_BACKLOG})::integer AS retrying,
      count(*) FILTER (WHERE status = 'held' AND place <= ${MAX_BACKLOG})::integer AS held,
      count(*) > ${MAX_BACKLOG} AS is_more_open,
      min(due_at) FILTER (WHERE due_at < 'infinity') AS oldest_due_at,
      coalesce(greatest(extract(epoch FROM now() - min(due_at) FILTER (WHERE due_at < 'infinity')), 0), 0)::float8
        AS overdue_seconds
    FROM backlog
  ) b`;

/** How a destination does, of one moment, by one statement that reads a bounded number of rows. */
export async function readStats(
  dataSource: DataSource,
  destination: { id: string; accountId: string },
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<StatsRow> {
  const ids = [fromMs, toMs, toMs + CLOCKS_DIFFER_MS].map(firstIdOf);
  const [row]: [StatsRow] = await dataSource.query(STATS, [destination.id, destination.accountId, ...ids]);
  return row;
}
