import { getQueueToken } from '@nestjs/bullmq';
import type { Job, Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DELIVERIES_QUEUE, type DeliveryJob, MAX_JOB_DELIVERIES } from '../../src/delivery/contract.js';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  createAccount,
  createDestination,
  registerAdmin,
  unlimited,
} from '../support/factories.js';
import { type RedisServer, ownRedisAvailable, startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

const queues = ownRedisAvailable() ? ['PostgreSQL', 'Redis'] : ['PostgreSQL'];
/** Of a queue that no worker reads; what is looked at now and then has grown a little beyond that. */
const MOST_JOBS = 100;
const EVENTS = 3 * MOST_JOBS;

describe.each(queues)('a queue on %s that nobody reads', { timeout: 60_000 }, (kind) => {
  let redis: RedisServer | undefined;
  let app: TestApp;
  let account: TestAccount;
  let queue: Queue<DeliveryJob>;

  beforeAll(async () => {
    redis = kind === 'Redis' ? await startRedis() : undefined;
    app = await createTestApp(redis ? { REDIS_URL: redis.url } : {}, 'api');
    const admin = await registerAdmin(app);
    account = await createAccount(app, admin);
    await unlimited(app, admin, account);
    await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/' });
    queue = app.app.get(getQueueToken(DELIVERIES_QUEUE));
  });

  beforeEach(async () => {
    for (let sent = 0; sent < EVENTS; sent++) await send('', { n: sent });
  });

  afterEach(() => queue.drain());

  afterAll(async () => {
    await app.close();
    await redis?.stop();
  });

  const send = async (path: string, body: unknown): Promise<void> => {
    const headers = { 'cl-x-token': account.app_secret_token };
    const { status } = await app.call('POST', `/server/incoming_data${path}`, { body, headers });
    expect(status).toBe(202);
  };

  const waiting = (): Promise<Job<DeliveryJob>[]> => queue.getJobs('waiting', 0, EVENTS);
  const idsOf = (jobs: Job<DeliveryJob>[]): string[] => jobs.flatMap(({ data }) => data.delivery_ids);

  /** Lets workers have read everything. @returns what is told then. */
  const readAll = async (): Promise<Job<DeliveryJob>> => {
    await queue.drain();
    return waitFor(async () => (await waiting())[0], { what: 'the job that was held back' });
  };

  it('grows no longer, and what came meanwhile is named in one job when it was read', async () => {
    const jobs = await waiting();
    expect(jobs.length).toBeLessThan(MOST_JOBS);
    const held = await readAll();
    expect(held.name).toMatch(/ · \d+ events · \d+ deliveries$/);
    expect(new Set(idsOf([...jobs, held])).size).toBe(EVENTS);
    expect(held.data.events).toBe(held.data.delivery_ids.length);
    expect(held.data.accounts).toEqual([{ id: account.id, name: account.account_name }]);
  });

  it('holds back as many as a job names, and is told of the next event at once', async () => {
    for (let batch = 0; batch < 2; batch++)
      await send(
        '/batch',
        Array.from({ length: MAX_JOB_DELIVERIES }, () => ({ data: {} })),
      );
    expect(idsOf([await readAll()])).toHaveLength(MAX_JOB_DELIVERIES);
    await send('', {});
    await waitFor(async () => (await waiting()).length === 2);
  });
});
