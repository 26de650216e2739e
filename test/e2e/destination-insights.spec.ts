import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
} from '../support/factories.js';

const HOUR_MS = 3_600_000;

interface Delivery {
  status: string;
  agoMs?: number;
  attempts?: { durationMs: number; statusCode: number | null; error?: string; superseded?: boolean }[];
  dueInMs?: number;
}

describe('of a destination', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let destination: string;

  beforeAll(async () => {
    app = await createTestApp({ RETRY_SCHEDULE: '0s,5s,24h', DELIVERY_TIMEOUT_MS: '1000' }, 'api');
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    account = await createAccount(app, admin);
    destination = (await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/hook' })).id;
  });

  afterAll(() => app?.close());

  const get = (what: string, { token } = admin, of = destination) =>
    app.call('GET', `/accounts/${account.id}/destinations/${of}/${what}`, { token });
  const stats = async (query = '') => (await get(`stats${query}`)).body;

  async function insert({ status, agoMs = 60_000, attempts = [], dueInMs = 0 }: Delivery): Promise<string> {
    const msecs = Date.now() - agoMs;
    const id = uuidv7({ msecs });
    const row = [id, account.id, destination, status, `event-${id}`];
    const columns = 'id, account_id, destination_id, status, event_id, event, origin, received_at, attempts';
    const values = `$1, $2, $3, $4, $5, gen_random_uuid(), 'event', now(), 1`;
    if (['pending', 'retrying', 'held'].includes(status))
      await app.dataSource.query(
        `INSERT INTO deliveries (${columns}, due_at) VALUES (${values}, $6::timestamptz)`,
        [...row, status === 'held' ? 'infinity' : new Date(Date.now() + dueInMs)],
      );
    else await app.dataSource.query(`INSERT INTO finished_deliveries (${columns}) VALUES (${values})`, row);
    for (const [index, attempt] of attempts.entries()) {
      const madeAt = msecs + index;
      if (status === 'success' && index === attempts.length - 1)
        await app.dataSource.query(
          `UPDATE finished_deliveries SET attempt_id = $2, attempt_started_at = $3, attempt_duration_ms = $4,
             last_status_code = $5 WHERE id = $1`,
          [id, uuidv7({ msecs: madeAt }), new Date(madeAt), attempt.durationMs, attempt.statusCode],
        );
      else
        await app.dataSource.query(
          `INSERT INTO attempts (id, delivery_id, number, started_at, duration_ms, status_code, error, superseded)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [
            uuidv7({ msecs: madeAt }),
            id,
            index + 1,
            new Date(madeAt),
            attempt.durationMs,
            attempt.statusCode,
            attempt.error ?? null,
            attempt.superseded ?? false,
          ],
        );
    }
    return id;
  }

  const answered = (durationMs: number, statusCode = 200) => ({
    durationMs,
    statusCode,
    ...(statusCode < 300 ? {} : { error: `status: answered ${statusCode}` }),
  });

  describe('the figures', () => {
    it('of one that got nothing yet are zero, and nothing is made up', async () => {
      expect(await stats()).toEqual({
        destination_id: destination,
        from: expect.any(String),
        to: expect.any(String),
        complete_since: null,
        deliveries: { success: 0, failed: 0, cancelled: 0 },
        success_rate: null,
        attempts: { sampled: 0, failed: 0, latency_ms: null },
        last_error: null,
        backlog: {
          pending: 0,
          retrying: 0,
          held: 0,
          is_more: false,
          oldest_due_at: null,
          overdue_seconds: 0,
        },
      });
    });

    it('count what ended, tell how fast it answers, and show the last error', async () => {
      for (let n = 1; n <= 98; n++)
        await insert({ status: 'success', agoMs: n * 1000, attempts: [answered(n)] });
      const failed = await insert({
        status: 'failed',
        agoMs: 500,
        attempts: [answered(99, 503), { durationMs: 15_000, statusCode: null, error: 'timeout: no answer' }],
      });
      await insert({
        status: 'success',
        agoMs: 5000,
        attempts: [{ ...answered(9999), superseded: true }, answered(100)],
      });
      await insert({ status: 'cancelled' });
      const body = await stats();
      expect(body).toMatchObject({
        complete_since: null,
        deliveries: { success: 99, failed: 1, cancelled: 1 },
        success_rate: 0.99,
        attempts: { sampled: 101, failed: 2, latency_ms: { p50: 50, p95: 95, p99: 99 } },
        last_error: {
          delivery_id: failed,
          event_id: `event-${failed}`,
          status_code: null,
          error: 'timeout: no answer',
        },
      });
      expect(Date.parse(body.to) - Date.parse(body.from)).toBe(24 * HOUR_MS);
    });

    it('are of the period alone, and of this destination', async () => {
      await insert({ status: 'success', agoMs: 2 * HOUR_MS, attempts: [answered(5)] });
      await insert({ status: 'failed', agoMs: 5 * HOUR_MS, attempts: [answered(7, 500)] });
      const other = await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/other' });
      expect(await stats('?hours=1')).toMatchObject({ deliveries: { success: 0 }, attempts: { sampled: 0 } });
      expect(await stats('?hours=3')).toMatchObject({
        deliveries: { success: 1, failed: 0 },
        last_error: null,
      });
      expect(await stats('?hours=6')).toMatchObject({
        deliveries: { success: 1, failed: 1 },
        success_rate: 0.5,
      });
      expect((await get('stats', admin, other.id)).body).toMatchObject({ deliveries: { success: 0 } });
    });

    it('tell of a failure that many newer successes hide', async () => {
      const failed = await insert({ status: 'failed', agoMs: 3 * HOUR_MS, attempts: [answered(3, 500)] });
      await insertSuccesses(600);
      expect(await stats()).toMatchObject({
        deliveries: { success: 600, failed: 1 },
        last_error: { delivery_id: failed },
      });
    });

    it('tell what is still to do and how late it is, and why what is retried failed', async () => {
      await insert({ status: 'pending', dueInMs: -30_000 });
      const retried = await insert({ status: 'retrying', dueInMs: 60_000, attempts: [answered(20, 502)] });
      await insert({ status: 'held' });
      const body = await stats();
      expect(body).toMatchObject({
        success_rate: null,
        attempts: { sampled: 1, failed: 1, latency_ms: { p50: 20 } },
        last_error: { delivery_id: retried, event_id: `event-${retried}`, status_code: 502 },
        backlog: { pending: 1, retrying: 1, held: 1, is_more: false },
      });
      expect(body.backlog.overdue_seconds).toBeGreaterThanOrEqual(30);
      expect(Date.parse(body.backlog.oldest_due_at)).toBeLessThan(Date.now());
    });

    it('of one that is only held have nothing overdue', async () => {
      await insert({ status: 'held' });
      expect((await stats()).backlog).toMatchObject({ held: 1, oldest_due_at: null, overdue_seconds: 0 });
    });

    it('count the newest of very many, and say since when', async () => {
      await insertSuccesses(5100);
      await insert({ status: 'failed', agoMs: 10 * HOUR_MS });
      const body = await stats();
      expect(body.deliveries).toEqual({ success: 5000, failed: 0, cancelled: 0 });
      expect(Date.parse(body.complete_since)).toBeGreaterThan(Date.parse(body.from));
    });

    it.each(['?hours=0', '?hours=169', '?hours=x', '?from=2030-01-01T00:00:00Z'])(
      'are refused with %s',
      async (query) => {
        expect((await get(`stats${query}`)).status).toBe(400);
      },
    );

    const insertSuccesses = (count: number) =>
      app.dataSource.query(
        `INSERT INTO finished_deliveries (id, account_id, destination_id, event, event_id, status, attempts, origin, received_at)
         SELECT (lpad(to_hex($3::bigint - n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid, $1, $2,
           gen_random_uuid(), 'x', 'success', 1, 'event', now() FROM generate_series(1, $4::integer) n`,
        [account.id, destination, Date.now() - 1000, count],
      );
  });

  describe('the schedule of retries', () => {
    it('is that of the settings, with the bounds of each wait', async () => {
      const { status, body } = await get('retry-schedule');
      expect(status).toBe(200);
      expect(body).toMatchObject({ destination_id: destination, max_attempts: 3, timeout_ms: 1000 });
      expect(body.attempts.map((attempt: { delay_ms: number }) => attempt.delay_ms)).toEqual([
        0,
        5000,
        24 * HOUR_MS,
      ]);
      expect(body.attempts[2]).toMatchObject({
        number: 3,
        min_delay_ms: 21.6 * HOUR_MS,
        max_delay_ms: 24 * HOUR_MS,
        after_ms: 24 * HOUR_MS + 5000,
        min_after_ms: 21.6 * HOUR_MS + 4500,
        max_after_ms: 24 * HOUR_MS + 5500,
      });
    });

    it('has the timeout of the destination where it has one', async () => {
      const own = await createDestination(app, admin, account, {
        url: 'http://127.0.0.1:9/own',
        timeout_ms: 2500,
      });
      expect((await get('retry-schedule', admin, own.id)).body.timeout_ms).toBe(2500);
    });
  });

  it.each(['stats', 'retry-schedule'])('%s is for members, of destinations that are there', async (what) => {
    const user = await registerUser(app);
    expect((await get(what, user)).status).toBe(404);
    await addMember(app, admin, account, user, 'User');
    expect((await get(what, user)).status).toBe(200);
    expect((await get(what, user, uuidv7())).status).toBe(404);
    await app.call('DELETE', `/accounts/${account.id}/destinations/${destination}`, { token: admin.token });
    expect((await get(what)).status).toBe(404);
  });
});
