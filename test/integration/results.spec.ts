import pg from 'pg';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/delivery/outcome.js';
import { type DeliveryResult, recordResults } from '../../src/delivery/result-statement.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

const outcome: Outcome = {
  statusCode: 500,
  durationMs: 12.3,
  error: 'status: answered 500',
  errorCode: 'status',
  responseExcerpt: 'no',
  responseCut: null,
  retryAfterMs: null,
};

describe('recording results', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool(database.connection);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const leased = async (): Promise<{ deliveryId: string; leaseToken: string }> => {
    const lease = { deliveryId: uuidv7(), leaseToken: uuidv4() };
    await pool.query(
      `INSERT INTO deliveries (id, event, account_id, destination_id, event_id, lease_token, lease_until)
       VALUES ($1, $2, $2, $2, 'order-1', $3, now() + interval '1 minute')`,
      [lease.deliveryId, uuidv4(), lease.leaseToken],
    );
    return lease;
  };

  const result = (
    lease: { deliveryId: string; leaseToken: string },
    change: Partial<DeliveryResult>,
  ): DeliveryResult => ({
    ...lease,
    next: 'retry',
    attempts: 1,
    delayMs: 60_000,
    reason: null,
    attempt: { id: uuidv7(), startedAt: performance.now(), outcome },
    ...change,
  });

  const success: Outcome = { ...outcome, statusCode: 200, error: null, errorCode: null };

  const rowOf = async (table: string, id: string) =>
    (await pool.query(`SELECT * FROM ${table} WHERE id = $1`, [id])).rows[0];

  it('moves what is finished to the log and reschedules the rest, in one batch', async () => {
    const [done, again, held] = [await leased(), await leased(), await leased()];
    const kept = await recordResults(pool, [
      result(held, { next: 'hold', attempts: 0, attempt: null }),
      result(done, { next: 'success', attempt: { id: uuidv7(), startedAt: 0, outcome: success } }),
      result(again, {}),
    ]);
    expect(kept).toEqual([true, true, true]);
    expect(await rowOf('deliveries', done.deliveryId)).toBeUndefined();
    expect(await rowOf('finished_deliveries', done.deliveryId)).toMatchObject({
      event_id: 'order-1',
      status: 'success',
      last_error: null,
    });
    const retrying = await rowOf('deliveries', again.deliveryId);
    expect(retrying).toMatchObject({
      status: 'retrying',
      attempts: 1,
      lease_token: null,
      last_status_code: 500,
    });
    expect(retrying.due_at.getTime()).toBeGreaterThan(Date.now() + 50_000);
    expect(await rowOf('deliveries', held.deliveryId)).toMatchObject({
      status: 'held',
      due_at: Infinity,
      attempts: 0,
    });
  });

  it('keeps the attempt that succeeded in the row of its delivery, also when a batch is written again', async () => {
    const lease = await leased();
    const failed = { id: uuidv7(), startedAt: performance.now() - 1000, outcome };
    expect(await recordResults(pool, [result(lease, { delayMs: 0, attempt: failed })])).toEqual([true]);
    await pool.query('UPDATE deliveries SET lease_token = $2 WHERE id = $1', [
      lease.deliveryId,
      lease.leaseToken,
    ]);
    const attempt = { id: uuidv7(), startedAt: performance.now(), outcome: success };
    const last = result(lease, { next: 'success', attempts: 2, attempt });
    expect(await recordResults(pool, [last])).toEqual([true]);
    expect(await recordResults(pool, [last])).toEqual([false]);
    const { rows } = await pool.query(
      'SELECT * FROM all_attempts WHERE delivery_id = $1 ORDER BY started_at, number',
      [lease.deliveryId],
    );
    const common = { duration_ms: 12, response_excerpt: 'no', superseded: false };
    expect(rows).toMatchObject([
      { ...common, id: failed.id, number: 1, status_code: 500, error: outcome.error },
      { ...common, id: attempt.id, number: 2, status_code: 200, error: null },
    ]);
    expect(rows[1].started_at - rows[0].started_at).toBeGreaterThan(900);
    expect(await rowOf('attempts', attempt.id)).toBeUndefined();
    // Somebody else's success, which came too late, is an attempt as well.
    const late = { id: uuidv7(), startedAt: performance.now(), outcome: success };
    expect(await recordResults(pool, [result(lease, { next: 'success', attempt: late })])).toEqual([false]);
    expect(await rowOf('attempts', late.id)).toMatchObject({ superseded: true, status_code: 200 });
  });

  it('tells no attempt twice whose batch is written again while it is being written', async () => {
    const lease = await leased();
    const attempt = { id: uuidv7(), startedAt: performance.now(), outcome: success };
    const done = result(lease, { next: 'success', attempt });
    const first = await pool.connect();
    await first.query('BEGIN');
    expect(await recordResults(first, [done])).toEqual([true]);
    const again = recordResults(pool, [done]);
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    await waitFor(async () => (await pool.query(waiting)).rowCount === 1);
    await first.query('COMMIT');
    first.release();
    expect(await again).toEqual([false]);
    const { rows } = await pool.query('SELECT id, superseded FROM all_attempts WHERE delivery_id = $1', [
      lease.deliveryId,
    ]);
    expect(rows).toEqual([{ id: attempt.id, superseded: false }]);
  });

  it.each(['success', 'failed', 'retry'] as const)('fences a late result that says %s', async (next) => {
    const lease = await leased();
    const attempt = { id: uuidv7(), startedAt: performance.now(), outcome };
    const newToken = uuidv4();
    await pool.query('UPDATE deliveries SET lease_token = $2 WHERE id = $1', [lease.deliveryId, newToken]);
    expect(await recordResults(pool, [result(lease, { next, attempt })])).toEqual([false]);
    expect(await rowOf('deliveries', lease.deliveryId)).toMatchObject({ lease_token: newToken, attempts: 0 });
    expect(await rowOf('finished_deliveries', lease.deliveryId)).toBeUndefined();
    expect(await rowOf('attempts', attempt.id)).toMatchObject({ superseded: true, status_code: 500 });
  });

  it('tells two results of one delivery in a batch apart by their leases', async () => {
    const lease = await leased();
    const [late, current] = [uuidv7(), uuidv7()];
    const earlier = { ...lease, leaseToken: uuidv4() };
    const kept = await recordResults(pool, [
      result(earlier, { attempt: { id: late, startedAt: performance.now(), outcome } }),
      result(lease, { attempt: { id: current, startedAt: performance.now(), outcome } }),
    ]);
    expect(kept).toEqual([false, true]);
    expect(await rowOf('attempts', late)).toMatchObject({ superseded: true });
    expect(await rowOf('attempts', current)).toMatchObject({ superseded: false });
  });

  it('tells of an attempt whose delivery was cancelled meanwhile', async () => {
    const lease = await leased();
    await pool.query('DELETE FROM deliveries WHERE id = $1', [lease.deliveryId]);
    const attempt = { id: uuidv7(), startedAt: performance.now(), outcome };
    expect(await recordResults(pool, [result(lease, { attempt })])).toEqual([false]);
    expect(await rowOf('attempts', attempt.id)).toMatchObject({ superseded: true });
  });
});
