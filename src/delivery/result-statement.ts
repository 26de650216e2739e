import type { Pool, PoolClient } from 'pg';
import { queryBatch } from '../database/batch-query.js';
import { intArray, textArray, uuidArray } from '../database/binary-arrays.js';
import type { Outcome } from './outcome.js';

/** What becomes of a claimed delivery. Without an attempt it goes on as it was, held, cancelled or put back. */
export interface DeliveryResult {
  deliveryId: string;
  leaseToken: string;
  next: 'success' | 'failed' | 'cancelled' | 'retry' | 'hold' | 'release';
  /** Attempts behind it now. */
  attempts: number;
  /** Wait until it is due again, for retry and release. */
  delayMs: number;
  /** Why it ended, where that is not the attempt's own error. */
  reason: string | null;
  attempt: { id: string; startedAt: number; outcome: Outcome } | null;
}

/**
 * One statement for a batch of results: finished deliveries move to the log, others are due again, every
 * attempt is written, in the row of its delivery where it succeeded. A result whose lease has passed to somebody else
 * changes nothing but is told.
 */
const RECORD = {
  name: 'record_results',
  text: `
    WITH result AS (
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::integer[], $6::text[],
        $7::uuid[], $8::integer[], $9::integer[], $10::integer[], $11::text[], $12::text[])
      AS r (delivery_id, lease_token, next, attempts, delay_ms, reason,
        attempt_id, ago_ms, duration_ms, status_code, error, response_excerpt)
    ), gone AS (
      DELETE FROM deliveries d USING result r
      WHERE d.id = r.delivery_id AND d.lease_token = r.lease_token AND r.next IN ('success', 'failed', 'cancelled')
      RETURNING d.id, r.lease_token, d.event, d.account_id, d.destination_id, d.event_id, d.event_type, d.origin, d.received_at,
        r.next, r.attempts, coalesce(r.status_code, d.last_status_code) AS last_status_code,
        CASE WHEN r.next <> 'success' THEN coalesce(r.reason, r.error, d.last_error) END AS last_error,
        CASE WHEN r.next = 'success' THEN r.attempt_id END AS attempt_id, r.ago_ms, r.duration_ms, r.response_excerpt
    ), logged AS (
      INSERT INTO finished_deliveries (id, event, account_id, destination_id, event_id, event_type, origin,
        received_at, status, attempts, last_status_code, last_error,
        attempt_id, attempt_started_at, attempt_duration_ms, response_excerpt)
      SELECT id, event, account_id, destination_id, event_id, event_type, origin, received_at,
        next, attempts, last_status_code, last_error,
        attempt_id, CASE WHEN attempt_id IS NOT NULL THEN now() - ago_ms * interval '1 millisecond' END,
        CASE WHEN attempt_id IS NOT NULL THEN duration_ms END,
        CASE WHEN attempt_id IS NOT NULL THEN response_excerpt END
      FROM gone
    ), open AS (
      UPDATE deliveries d SET lease_token = NULL, lease_until = NULL, attempts = r.attempts,
        status = CASE WHEN r.next = 'hold' THEN 'held' WHEN r.attempts > 0 THEN 'retrying' ELSE 'pending' END,
        due_at = CASE WHEN r.next = 'hold' THEN 'infinity' ELSE now() + r.delay_ms * interval '1 millisecond' END,
        last_status_code = CASE WHEN r.attempt_id IS NULL THEN d.last_status_code ELSE r.status_code END,
        last_error = coalesce(r.error, d.last_error)
      FROM result r
      WHERE d.id = r.delivery_id AND d.lease_token = r.lease_token AND r.next IN ('retry', 'hold', 'release')
      RETURNING d.id, r.lease_token
    ), kept AS (
      SELECT id, lease_token FROM gone UNION ALL SELECT id, lease_token FROM open
    ), tried AS (
      INSERT INTO attempts (id, delivery_id, number, started_at, duration_ms, status_code, error,
        response_excerpt, superseded)
      SELECT attempt_id, delivery_id, attempts, now() - ago_ms * interval '1 millisecond', duration_ms,
        status_code, error, response_excerpt, (delivery_id, lease_token) NOT IN (SELECT id, lease_token FROM kept)
      FROM result WHERE attempt_id IS NOT NULL AND next <> 'success'
      -- A batch whose COMMIT was never answered is written again.
      ON CONFLICT DO NOTHING
    )
    SELECT delivery_id, lease_token FROM result
    WHERE (delivery_id, lease_token) NOT IN (SELECT id, lease_token FROM kept)`,
};

/**
 * Successes whose lease had passed to somebody else, but not those of a batch that is written again: they are in the
 * rows of their deliveries. A statement of its own, because what it looks for may have been committed during the first.
 */
const RECORD_LATE = {
  name: 'record_late_successes',
  text: `
    INSERT INTO attempts (id, delivery_id, number, started_at, duration_ms, status_code, response_excerpt, superseded)
    SELECT attempt_id, delivery_id, attempts, now() - ago_ms * interval '1 millisecond', duration_ms, status_code,
      response_excerpt, true
    FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::text[])
      AS late (delivery_id, attempt_id, attempts, ago_ms, duration_ms, status_code, response_excerpt)
    WHERE attempt_id IS DISTINCT FROM (
      SELECT f.attempt_id FROM finished_deliveries f WHERE f.id = late.delivery_id AND f.attempts >= 0 LIMIT 1)
    ON CONFLICT DO NOTHING`,
};

/** @returns for each result whether its lease still held. */
export async function recordResults(pool: Pool | PoolClient, results: DeliveryResult[]): Promise<boolean[]> {
  // One order for all batches, so that two which meet on a row wait instead of deadlocking.
  const sorted = results.toSorted((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
  const now = performance.now();
  const rows = await queryBatch<[deliveryId: string, leaseToken: string]>(pool, RECORD, [
    uuidArray(sorted.map((result) => result.deliveryId)),
    uuidArray(sorted.map((result) => result.leaseToken)),
    textArray(sorted.map((result) => result.next)),
    intArray(sorted.map((result) => result.attempts)),
    intArray(sorted.map((result) => Math.round(result.delayMs))),
    textArray(sorted.map((result) => result.reason)),
    uuidArray(sorted.map((result) => result.attempt?.id ?? null)),
    intArray(sorted.map(({ attempt }) => (attempt ? Math.round(now - attempt.startedAt) : null))),
    intArray(sorted.map(({ attempt }) => (attempt ? Math.round(attempt.outcome.durationMs) : null))),
    intArray(sorted.map(({ attempt }) => attempt?.outcome.statusCode ?? null)),
    textArray(sorted.map(({ attempt }) => attempt?.outcome.error ?? null)),
    textArray(sorted.map(({ attempt }) => attempt?.outcome.responseExcerpt ?? null)),
  ]);
  if (rows.length === 0) return results.map(() => true);
  // By lease as well: a process that was frozen may have two results of one delivery in a batch.
  const superseded = new Set(rows.map(([deliveryId, leaseToken]) => deliveryId + leaseToken));
  const isKept = (result: DeliveryResult): boolean => !superseded.has(result.deliveryId + result.leaseToken);
  await recordLate(
    pool,
    sorted.filter((result) => result.next === 'success' && !isKept(result)),
  );
  return results.map(isKept);
}

async function recordLate(pool: Pool | PoolClient, results: DeliveryResult[]): Promise<void> {
  if (results.length === 0) return;
  const now = performance.now();
  const attempts = results.map(({ attempt }) => attempt!);
  await pool.query({
    ...RECORD_LATE,
    values: [
      uuidArray(results.map((result) => result.deliveryId)),
      uuidArray(attempts.map(({ id }) => id)),
      intArray(results.map((result) => result.attempts)),
      intArray(attempts.map(({ startedAt }) => Math.round(now - startedAt))),
      intArray(attempts.map(({ outcome }) => Math.round(outcome.durationMs))),
      intArray(attempts.map(({ outcome }) => outcome.statusCode)),
      textArray(attempts.map(({ outcome }) => outcome.responseExcerpt)),
    ],
  });
}
