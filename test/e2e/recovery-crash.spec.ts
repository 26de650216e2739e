import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, testEnv, testSecrets } from '../support/app.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { type ProductProcess, startProduct } from '../support/product-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

const EVENTS = 400;

/** The workers that run a recovery are killed in the middle of it, again and again. */
describe('a recovery whose workers are killed', { timeout: 120_000 }, () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let receiver: Receiver;
  let api: ProductProcess;
  let env: Record<string, string>;
  let workers: ProductProcess[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ ...database.connection, max: 1 });
    receiver = await startReceiver(() => 500);
    const { host, port, user, password, database: name } = database.connection;
    env = {
      ...testEnv,
      LOG_LEVEL: 'warn',
      RETRY_SCHEDULE: '0s',
      LEASE_SECONDS: '5',
      DELIVERY_TIMEOUT_MS: '3000',
      DATABASE_URL: `postgresql://${user}:${password}@${encodeURIComponent(host!)}:${port}/${name}`,
      JWT_SECRET: testSecrets.jwtSecret,
      ENCRYPTION_KEYS: testSecrets.encryptionKeys,
    };
    api = await startProduct('main', { ...env, HOST: '127.0.0.1' }, ['api']);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([api, ...workers].map((product) => product?.end('SIGTERM')));
    await receiver?.close();
    await pool?.end();
    await database?.drop();
  }, 60_000);

  const startWorkers = async (): Promise<void> => {
    workers = await Promise.all([1, 2].map(() => startProduct('worker', env)));
  };

  const count = async (condition: string): Promise<number> => {
    const { rows } = await pool.query(
      `SELECT count(*)::integer AS count FROM (SELECT origin, status FROM deliveries
       UNION ALL SELECT origin, status FROM finished_deliveries) all_of_them WHERE ${condition}`,
    );
    return rows[0].count;
  };

  it('makes every delivery once all the same', async () => {
    const user = { email: 'first@example.com', password: 'Demo@123' };
    await call(api.url!, 'POST', '/user/register', { body: user });
    const token = (await call(api.url!, 'POST', '/user/login', { body: user })).body.access_token;
    const ask = (method: string, path: string, body?: unknown) =>
      call(api.url!, method, path, { token, body });
    const account = (await ask('POST', '/accounts', { account_name: 'Unlucky' })).body;
    const path = `/accounts/${account.id}`;
    await ask('PATCH', path, { rate_limit_per_second: 100_000 });
    for (const name of ['one', 'other'])
      await ask('POST', `${path}/destinations`, { url: `${receiver.url}/${name}`, max_in_flight: 8 });
    await startWorkers();
    for (let n = 0; n < EVENTS / 2; n++)
      await call(api.url!, 'POST', '/server/incoming_data', {
        body: { n },
        headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': `lost-${n}` },
      });
    await waitFor(async () => (await count(`status = 'failed'`)) === EVENTS, { timeoutMs: 60_000 });
    receiver.answer(() => 200);

    const recovery = (await ask('POST', `${path}/recoveries`, { filter: { from: '2026-01-01' } })).body;
    expect(recovery.matched).toBe(EVENTS);
    await ask('POST', `${path}/recoveries/${recovery.id}/start`);
    for (const share of [0.2, 0.4, 0.6]) {
      await waitFor(async () => (await count(`origin = 'replay'`)) >= EVENTS * share, { timeoutMs: 30_000 });
      for (const worker of workers) void worker.end('SIGKILL');
      expect(await Promise.all(workers.map(({ exited }) => exited))).toEqual(['SIGKILL', 'SIGKILL']);
      expect(await count(`origin = 'replay'`)).toBeLessThan(EVENTS);
      await startWorkers();
    }
    await waitFor(
      async () => (await ask('GET', `${path}/recoveries/${recovery.id}`)).body.state === 'completed',
      { timeoutMs: 30_000, what: 'the recovery' },
    );
    await waitFor(async () => (await count(`origin = 'replay' AND status = 'success'`)) === EVENTS, {
      timeoutMs: 30_000,
      what: 'the last delivery',
    });
    const { rows: twice } = await pool.query(
      `SELECT event, destination_id FROM finished_deliveries WHERE origin = 'replay'
       GROUP BY event, destination_id HAVING count(*) > 1`,
    );
    expect(twice).toEqual([]);
    const done = (await ask('GET', `${path}/recoveries/${recovery.id}`)).body;
    expect(done).toMatchObject({ matched: EVENTS, replayed: EVENTS, skipped: 0 });
  });
});
