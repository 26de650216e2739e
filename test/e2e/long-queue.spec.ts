import { getQueueToken } from '@nestjs/bullmq';
import type { Job, Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../src/common/uuid.js';
import { DELIVERIES_QUEUE, type DeliveryJob } from '../../src/delivery/contract.js';
import { LONG_QUEUE, QueueLength } from '../../src/incoming-data/queue-length.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, createAccount, createDestination, registerAdmin } from '../support/factories.js';
import { createUnlimitedAccount, sendEvent } from '../support/incoming-data.js';
import { startReceiver } from '../support/receiver.js';
import { type RedisServer, ownRedisAvailable, startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

const queues = ownRedisAvailable() ? ['PostgreSQL', 'Redis'] : ['PostgreSQL'];
const EVENTS = 4 * LONG_QUEUE;

describe.each(queues)('a queue on %s that nobody reads', { timeout: 60_000 }, (kind) => {
  let redis: RedisServer | undefined;
  let app: TestApp;
  let account: TestAccount;
  let queue: Queue<DeliveryJob>;

  beforeAll(async () => {
    redis = kind === 'Redis' ? await startRedis() : undefined;
    app = await createTestApp(redis ? { REDIS_URL: redis.url } : {}, 'api');
    const admin = await registerAdmin(app);
    account = await createUnlimitedAccount(app, admin);
    await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/' });
    queue = app.app.get(getQueueToken(DELIVERIES_QUEUE));
  });

  beforeEach(async () => {
    for (let sent = 0; sent < EVENTS; sent++) await send();
  });

  afterEach(() => queue.drain());

  afterAll(async () => {
    await app.close();
    await redis?.stop();
  });

  const send = async (): Promise<void> => {
    expect((await sendEvent(app, account, '{}')).status).toBe(202);
  };

  const waiting = (): Promise<Job<DeliveryJob>[]> => queue.getJobs('waiting', 0, EVENTS);

  /** Lets workers have read everything. @returns what they are told then. */
  const readAll = async (): Promise<Job<DeliveryJob>> => {
    await queue.drain();
    return waitFor(async () => (await waiting())[0], { what: 'a job that says what came meanwhile' });
  };

  it('grows no longer, and what came meanwhile is told in one job when it was read', async () => {
    const jobs = await waiting();
    expect(jobs.length).toBeGreaterThanOrEqual(LONG_QUEUE);
    // It is looked at after each twenty-fifth job, and some are added while it is.
    expect(jobs.length).toBeLessThan(3 * LONG_QUEUE);
    const { name, data } = await readAll();
    const rest = EVENTS - jobs.length;
    const accounts = [{ id: account.id, name: account.account_name }];
    expect(data).toEqual({ accounts, events: rest, delivery_ids: [], unnamed: rest, attempts: 0 });
    expect(name).toBe(`${account.account_name} · ${rest} events · ${rest} deliveries`);
  });

  it('gets a job for the next event again once it was read', async () => {
    await readAll();
    await send();
    const next = await waitFor(async () => (await waiting()).find(({ data }) => !data.unnamed));
    expect(next.data.delivery_ids).toHaveLength(1);
  });

  it('is taken for what it was where it cannot be asked, and asked again', async () => {
    let ask = (): Promise<string[]> => Promise.resolve(['the fiftieth']);
    const length = new QueueLength({ getRanges: () => ask() });
    await length.look();
    ask = () => Promise.reject(new Error('away'));
    await length.look();
    expect(length.isLong).toBe(true);
    ask = () => Promise.resolve([]);
    await length.look();
    expect(length.isLong).toBe(false);
  });
});

describe('a job that names no delivery', () => {
  it('has the newest found at once, which the sweeper else leaves to their own job', async () => {
    const app = await createTestApp();
    const receiver = await startReceiver();
    const admin = await registerAdmin(app);
    const account = await createAccount(app, admin);
    const { id } = await createDestination(app, admin, account, { url: receiver.url });
    const event = uuidv7();
    await app.dataSource.query(
      `WITH event AS (INSERT INTO events (account_id, id, event_id, payload, destination_ids)
         VALUES ($2, $1, 'e', '{}', ARRAY[$3::uuid]))
       INSERT INTO deliveries (id, event, account_id, destination_id, event_id, due_at)
       VALUES (gen_random_uuid(), $1, $2, $3, 'e', now() + interval '1 minute')`,
      [event, account.id, id],
    );
    const queue = app.app.get<Queue<DeliveryJob>>(getQueueToken(DELIVERIES_QUEUE));
    await waitFor(async () => {
      await app.dataSource.query('UPDATE deliveries SET due_at = now() WHERE lease_token IS NULL');
      await queue.add('one event', { accounts: [], events: 1, delivery_ids: [], unnamed: 1, attempts: 0 });
      return receiver.requests.length === 1;
    });
    await app.close();
    await receiver.close();
  });
});
