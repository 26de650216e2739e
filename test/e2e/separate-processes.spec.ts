import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call, testEnv, testSecrets } from '../support/app.js';
import { type TestDatabase, createTestDatabase, urlOf } from '../support/database.js';
import { type ProductProcess, startProduct } from '../support/product-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { type RedisServer, ownRedisAvailable, startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

const queues = ownRedisAvailable() ? ['PostgreSQL', 'Redis'] : ['PostgreSQL'];

/** API and workers as processes of their own, on a database they share. */
describe.each(queues)('separate processes with the queue on %s', { timeout: 60_000 }, (queue) => {
  let database: TestDatabase;
  let redis: RedisServer | undefined;
  let receiver: Receiver;
  let env: Record<string, string>;
  let apis: ProductProcess[];
  let token: string;
  let account: { id: string; app_secret_token: string };
  const workers: ProductProcess[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    redis = queue === 'Redis' ? await startRedis() : undefined;
    env = {
      ...testEnv,
      LOG_LEVEL: 'warn',
      RETRY_SCHEDULE: '0s,200ms,200ms,200ms',
      DELIVERY_TIMEOUT_MS: '3000',
      LEASE_SECONDS: '5',
      DATABASE_URL: urlOf(database),
      JWT_SECRET: testSecrets.jwtSecret,
      ENCRYPTION_KEYS: testSecrets.encryptionKeys,
      ...(redis ? { REDIS_URL: redis.url } : {}),
    };
    apis = await Promise.all([1, 2].map(() => startProduct('main', { ...env, HOST: '127.0.0.1' }, ['api'])));
    const user = { email: 'first@example.com', password: 'Demo@123' };
    await api('POST', '/user/register', { body: user });
    token = (await api('POST', '/user/login', { body: user })).body.access_token;
  }, 60_000);

  beforeEach(async () => {
    receiver = await startReceiver();
    account = (await api('POST', '/accounts', { token, body: { account_name: 'Shared' } })).body;
    await api('PATCH', `/accounts/${account.id}`, { token, body: { rate_limit_per_second: 10_000 } });
    await api('POST', `/accounts/${account.id}/destinations`, { token, body: { url: receiver.url } });
  });

  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.end('SIGTERM')));
    await receiver.close();
  });

  afterAll(async () => {
    await Promise.all((apis ?? []).map((product) => product.end('SIGTERM')));
    await redis?.stop();
    await database.drop();
  }, 30_000);

  const api = (...request: Parameters<typeof call> extends [string, ...infer Rest] ? Rest : never) =>
    call(apis[0]!.url!, ...request);

  const startWorker = async (): Promise<ProductProcess> => {
    const worker = await startProduct('worker', env);
    workers.push(worker);
    return worker;
  };

  const send = (eventId: string, through = apis[0]!) =>
    call(through.url!, 'POST', '/server/incoming_data', {
      body: { eventId },
      headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': eventId },
    });

  const statuses = async (): Promise<string[]> =>
    (await api('GET', `/accounts/${account.id}/logs?limit=200`, { token })).body.data.map(
      (entry: { status: string }) => entry.status,
    );

  it('accept without a worker and deliver as soon as there is one', async () => {
    expect((await send('early')).status).toBe(202);
    expect(receiver.requests).toHaveLength(0);
    await startWorker();
    await waitFor(() => receiver.requests.length === 1);
  });

  it('share the work among workers and lose nothing when one is killed in the middle', async () => {
    receiver.answer((_request, index, response) => {
      // The first twenty hang, so that both workers have attempts under way when one is killed.
      if (index >= 20) return 200;
      response.on('close', () => undefined);
      return undefined;
    });
    const [first] = await Promise.all([startWorker(), startWorker()]);
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => send(`shared-${index}`)));
    expect(answers.every(({ status }) => status === 202)).toBe(true);
    await waitFor(() => receiver.requests.length >= 20);
    await first.end('SIGKILL');
    await waitFor(async () => (await statuses()).every((status) => status === 'success'), {
      timeoutMs: 40_000,
    });
    const delivered = new Set(receiver.requests.map(({ headers }) => headers['cl-x-event-id']));
    expect(delivered.size).toBe(60);
  });

  it('end a worker without a duplicate: what is under way is finished and recorded', async () => {
    receiver.answer((_request, _index, response) => {
      setTimeout(() => response.writeHead(200).end(), 300);
    });
    const [first] = await Promise.all([startWorker(), startWorker()]);
    const sending = Array.from({ length: 40 }, (_, index) => send(`graceful-${index}`));
    await waitFor(() => receiver.requests.length > 0);
    expect(await first.end('SIGTERM')).toBe(0);
    await Promise.all(sending);
    await waitFor(async () => (await statuses()).every((status) => status === 'success'));
    expect(receiver.requests).toHaveLength(40);
  });

  it('hear of a change made through another process within a second', async () => {
    expect((await send('before', apis[1])).status).toBe(202);
    await api('POST', `/accounts/${account.id}/rotate-token`, { token, body: {} });
    await waitFor(async () => (await send('after', apis[1])).status === 401, { timeoutMs: 1000 });
  });

  it('tell a proxy first that they stop, and take requests until it has noticed', async () => {
    const leaving = await startProduct('main', { ...env, HOST: '127.0.0.1', SHUTDOWN_DELAY_MS: '1500' }, [
      'api',
    ]);
    const exit = leaving.end('SIGTERM');
    await waitFor(async () => (await call(leaving.url!, 'GET', '/health/ready')).status === 503);
    expect((await send('while-leaving', leaving)).status).toBe(202);
    expect(await exit).toBe(0);
  });

  describe.each(queue === 'Redis' ? [queue] : [])('beside %s', () => {
    it('share the limit of an account', async () => {
      const limited = (await api('POST', '/accounts', { token, body: { account_name: 'Limited' } })).body;
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          call(apis[index % 2]!.url!, 'POST', '/server/incoming_data', {
            body: {},
            headers: { 'cl-x-token': limited.app_secret_token },
          }),
        ),
      );
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(5);
    });

    it('go on accepting and delivering while Redis is away, and by themselves after', async () => {
      await startWorker();
      await redis!.kill('SIGKILL');
      const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => send(`no-redis-${index}`)));
      expect(answers.every(({ status }) => status === 202)).toBe(true);
      await waitFor(() => receiver.requests.length === 10, { timeoutMs: 5000 });
      const ready = await api('GET', '/health/ready');
      expect(ready).toMatchObject({
        status: 200,
        body: { checks: { queue: expect.stringContaining('degraded') } },
      });
      await waitFor(async () => (await api('GET', '/metrics')).body.includes('data_pusher_queue_up 0\n'));
      expect((await api('GET', '/metrics')).body).toContain('data_pusher_limiter_fallback 1\n');
      redis = await startRedis(Number(new URL(redis!.url).port));
      await waitFor(async () => (await api('GET', '/health/ready')).body.checks.queue === 'ok', {
        timeoutMs: 15_000,
      });
      await send('after-redis');
      await waitFor(() => receiver.requests.length === 11);
      expect(new Set(receiver.requests.map(({ headers }) => headers['cl-x-event-id'])).size).toBe(11);
    });

    it('do not leave what comes without Redis to jobs that nobody sends', async () => {
      await redis!.kill('SIGKILL');
      await startWorker();
      const tookMs: number[] = [];
      for (let time = 0; time < 5; time++) {
        const from = performance.now();
        await send(`no-job-${time}`);
        await waitFor(() => receiver.requests.length > time, { timeoutMs: 5000 });
        tookMs.push(performance.now() - from);
      }
      // As long a sweeper leaves to its job what is new; how soon it looks is up to the machine.
      expect(Math.min(...tookMs)).toBeLessThan(900);
    });

    it('start and stop without Redis', async () => {
      await redis!.kill('SIGKILL');
      const worker = await startWorker();
      expect((await send('absent-redis')).status).toBe(202);
      await waitFor(() => receiver.requests.length === 1, { timeoutMs: 5000 });
      expect(await worker.end('SIGTERM')).toBe(0);
    });

    it.each(['SIGKILL', 'SIGSTOP'] as const)('stop when Redis has just got %s', async (signal) => {
      redis = await startRedis();
      const worker = await startProduct('worker', { ...env, REDIS_URL: redis.url });
      await redis.kill(signal);
      expect(await worker.end('SIGTERM')).toBe(0);
      await redis.stop();
    });
  });
});
