import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, call, createTestApp, testEnv, testSecrets } from '../support/app.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
  unlimited,
} from '../support/factories.js';
import { startProduct } from '../support/product-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

/** The value of a series such as `name` or `name{label="value"}`; null when it is not shown. */
function valueOf(text: string, series: string): number | null {
  const line = text.split('\n').find((one) => one.startsWith(`data_pusher_${series} `));
  return line === undefined ? null : Number(line.slice(line.lastIndexOf(' ') + 1));
}

/** One help and one type for each metric. */
function expectOneOfEach(text: string): void {
  const helped = [...text.matchAll(/^# HELP (\S+) \S/gm)].map((match) => match[1]);
  const typed = [...text.matchAll(/^# TYPE (\S+) (?:counter|gauge|histogram|summary)$/gm)].map(
    (match) => match[1],
  );
  expect(helped).toEqual(typed);
  expect(new Set(helped).size).toBe(helped.length);
}

describe('/metrics', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    account = await createAccount(app, admin);
    await unlimited(app, admin, account);
    receiver = await startReceiver();
  });

  afterEach(() => receiver.close());
  afterAll(() => app?.close());

  const read = async (): Promise<string> => {
    const answer = await app.call('GET', '/metrics');
    expect(answer.status).toBe(200);
    return answer.body;
  };

  const send = (eventId: string, raw = '{"n":1}', token = account.app_secret_token) =>
    app.call('POST', '/server/incoming_data', {
      raw,
      headers: { 'cl-x-token': token, 'cl-x-event-id': eventId },
    });

  /** How much each series grew while `work` ran. */
  const growth = async (series: string[], work: () => Promise<unknown>): Promise<number[]> => {
    const before = await read();
    await work();
    const after = await read();
    return series.map((one) => (valueOf(after, one) ?? 0) - (valueOf(before, one) ?? 0));
  };

  it('is text for Prometheus, one help and one type per metric', async () => {
    const { headers, body } = await app.call('GET', '/metrics');
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expectOneOfEach(body);
    for (const line of body.split('\n').filter((one: string) => one !== '' && !one.startsWith('#')))
      expect(line).toMatch(/^[a-z_]+[a-z0-9_]*(\{[^}]*\})? (-?[\d.e+-]+|NaN|Nan)$/);
  });

  it('shows the process, its event loop, and everything that is to be watched', async () => {
    const body = await read();
    expect(body).toContain('process_cpu_seconds_total');
    expect(body).toContain('nodejs_eventloop_lag_p99_seconds');
    expect(body).toContain('process_resident_memory_bytes');
    for (const gauge of [
      'deliveries_in_flight',
      'open_deliveries',
      'oldest_overdue_seconds',
      'limiter_fallback',
    ])
      expect({ [gauge]: valueOf(body, gauge) }).toEqual({ [gauge]: expect.any(Number) });
    expect(valueOf(body, 'queue_up')).toBe(1);
    // A sweep takes half of it for a moment.
    await waitFor(async () => valueOf(await read(), 'delivery_room') === 1000);
  });

  it('counts what producers were answered, by reason', async () => {
    const series = [
      'events_accepted_total',
      'events_duplicate_total',
      'accept_duration_seconds_count',
      ...['invalid', 'unauthenticated', 'event_id_reused', 'unsupported_media_type'].map(
        (reason) => `events_refused_total{reason="${reason}"}`,
      ),
    ];
    const grown = await growth(series, async () => {
      await send('first');
      await send('second');
      await send('first');
      await send('first', '{"n":2}');
      await send('third', 'no json');
      await send('fourth', '{}', 'wrong');
      await app.call('POST', '/server/incoming_data', {
        raw: '{}',
        headers: { 'cl-x-token': account.app_secret_token, 'content-type': 'text/plain' },
      });
    });
    expect(grown).toEqual([2, 1, 3, 1, 1, 1, 1]);
    expect(valueOf(await read(), 'accept_batch_events_sum')).toBeGreaterThanOrEqual(2);
  });

  it('counts attempts by what came of them, and how long deliveries took', async () => {
    receiver.answer((_, index) => (index === 0 ? 500 : 200));
    const series = [
      'attempts_total{outcome="success"}',
      'attempts_total{outcome="status"}',
      'attempt_duration_seconds_count',
      'first_attempt_delay_seconds_count',
      'delivery_delay_seconds_count',
      'results_total{result="success"}',
      'results_total{result="retry"}',
    ];
    let body = '';
    const grown = await growth(series, async () => {
      await createDestination(app, admin, account, { url: receiver.url });
      const before = valueOf(await read(), 'delivery_delay_seconds_count') ?? 0;
      await send('delivered');
      body = await waitFor(async () => {
        const text = await read();
        return (valueOf(text, 'delivery_delay_seconds_count') ?? 0) > before && text;
      });
    });
    expect(grown).toEqual([1, 1, 2, 1, 1, 1, 1]);
    expect(valueOf(body, 'delivery_delay_seconds_sum')).toBeGreaterThan(0.08);
    expect(valueOf(body, 'delivery_delay_seconds_sum')).toBeLessThan(10);
  });

  it('counts what was found in memory', async () => {
    const [hits, misses] = await growth(['cache_hits_total', 'cache_misses_total'], async () => {
      for (const id of ['a', 'b', 'c']) await send(id);
    });
    expect(misses).toBeGreaterThanOrEqual(1);
    expect(hits).toBeGreaterThanOrEqual(4);
  });

  it('names no account, destination or event in it', async () => {
    const { id } = await createDestination(app, admin, account, { url: receiver.url });
    await send('event-of-mine');
    await waitFor(() => receiver.requests.length === 1);
    const body = await read();
    for (const secret of [
      id,
      account.id,
      account.account_name,
      account.app_secret_token,
      'event-of-mine',
      receiver.url,
    ])
      expect(body).not.toContain(secret);
    expect(body.match(/^data_pusher_/gm)!.length).toBeLessThan(200);
  });
});

describe('/metrics of a process of its own', () => {
  let app: TestApp;

  afterEach(() => app.close());

  it('asks for its token where one is set', async () => {
    app = await createTestApp({ METRICS_TOKEN: 'sixteen-chars-or-more' }, 'api');
    for (const token of [undefined, 'other', 'sixteen-chars-or-mor', ''])
      expect(await app.call('GET', '/metrics', { token })).toMatchObject({
        status: 401,
        body: { code: 'unauthenticated', detail: expect.stringContaining('METRICS_TOKEN') },
      });
    const { status, body } = await app.call('GET', '/metrics/', { token: 'sixteen-chars-or-more' });
    expect(status).toBe(200);
    expect(valueOf(body, 'events_accepted_total')).toBe(0);
  });

  it('leaves out what the database does not tell in time', async () => {
    app = await createTestApp({}, 'api');
    const locker = app.dataSource.createQueryRunner();
    await locker.startTransaction();
    try {
      await locker.query('LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE');
      const { status, body } = await app.call('GET', '/metrics');
      expect(status).toBe(200);
      expect(valueOf(body, 'oldest_overdue_seconds')).toBeNull();
      expect(valueOf(body, 'queue_up')).toBe(1);
    } finally {
      await locker.rollbackTransaction();
      await locker.release();
    }
  });
});

describe('a worker with METRICS_PORT', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  it('serves its figures and its health there, and nothing else', { timeout: 60_000 }, async () => {
    const { host, port, user, password, database: name } = database.connection;
    const worker = await startProduct('worker', {
      ...testEnv,
      DATABASE_URL: `postgres://${user}:${password}@${encodeURIComponent(host!)}:${port}/${name}`,
      JWT_SECRET: testSecrets.jwtSecret,
      ENCRYPTION_KEYS: testSecrets.encryptionKeys,
      HOST: '127.0.0.1',
      METRICS_PORT: '0',
      METRICS_TOKEN: 'sixteen-chars-or-more',
    });
    try {
      const url = /status (http:\S+)/.exec(worker.output())![1]!.replace('localhost', '127.0.0.1');
      expect(await call(url, 'GET', '/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
      expect(await call(url, 'GET', '/health/ready')).toMatchObject({
        status: 200,
        body: { checks: { database: 'ok', queue: 'ok', deliveries: 'ok' }, oldest_overdue_seconds: 0 },
      });
      expect(await call(url, 'GET', '/metrics')).toMatchObject({ status: 401 });
      const { status, body } = await call(url, 'GET', '/metrics', { token: 'sixteen-chars-or-more' });
      expect(status).toBe(200);
      expect(valueOf(body, 'delivery_room')).toBeGreaterThanOrEqual(500);
      expect(valueOf(body, 'events_accepted_total')).toBeNull();
      expectOneOfEach(body);
      for (const [method, path] of [
        ['GET', '/'],
        ['GET', '/api/accounts'],
        ['POST', '/metrics'],
        ['GET', '/toString'],
      ])
        expect(await call(url, method!, path!)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    } finally {
      expect(await worker.end('SIGTERM')).toBe(0);
    }
  });
});
