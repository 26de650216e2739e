import { type IncomingMessage, request as httpRequest } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, createAccount, registerAdmin } from '../support/factories.js';
import { waitFor } from '../support/wait-for.js';

const MANY = 50_000;
const ERROR_CHARACTERS = 500;
const AT_ONCE = 5000;
const MIB = 1024 * 1024;

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of this process, in which the product runs too, that are still needed. */
function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe(`an export of a log of ${MANY} entries`, () => {
  let app: TestApp;
  let admin: TestUser;
  let small: TestAccount;
  let large: TestAccount;
  const open: IncomingMessage[] = [];

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
    small = await createAccount(app, admin);
    large = await createAccount(app, admin);
    await insertMany(large.id);
  });

  afterEach(() => {
    for (const response of open.splice(0)) response.destroy();
  });

  afterAll(() => app?.close());

  /** Deliveries that failed, with errors so long that all of them together are felt in memory. */
  async function insertMany(accountId: string): Promise<void> {
    const now = Date.now();
    for (let from = 1; from <= MANY; from += AT_ONCE)
      await app.dataSource.query(
        `INSERT INTO finished_deliveries (id, account_id, event, event_id, status, attempts, last_error, origin, received_at)
         SELECT (lpad(to_hex($2::bigint + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid, $1,
           gen_random_uuid(), 'order-' || n, 'failed', 3, repeat('x', $3), 'event', now()
         FROM generate_series($4::integer, $5::integer) n`,
        [accountId, now, ERROR_CHARACTERS, from, from + AT_ONCE - 1],
      );
    await app.dataSource.query('ANALYZE finished_deliveries');
  }

  const path = (of: TestAccount, query = '') => `/accounts/${of.id}/logs/export${query}`;
  const exportOf = (of: TestAccount) => app.call('GET', path(of), { token: admin.token });

  /** An answer of which nothing is read until the test does. */
  const start = (query: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${admin.token}` };
      const request = httpRequest(
        `${app.url}${path(large, query)}`,
        { headers, agent: false },
        (response) => {
          open.push(response.on('error', () => undefined));
          resolve(response);
        },
      );
      request.on('error', reject).end();
    });

  /** No statement of the export runs, many looks in a row: it waits for its reader. */
  async function rests(): Promise<void> {
    let looks = 0;
    await waitFor(async () => {
      const [{ busy }] = await app.dataSource.query(
        `SELECT count(*)::integer AS busy FROM pg_stat_activity WHERE datname = current_database()
         AND application_name LIKE '%management' AND state <> 'idle' AND pid <> pg_backend_pid()`,
      );
      looks = busy === 0 ? looks + 1 : 0;
      return looks > 20;
    });
  }

  it('waits for a slow reader with no connection in use, and is whole, at little memory all the time', async () => {
    const before = memoryInUse();
    const response = await start('?format=ndjson');
    await rests();
    expect(memoryInUse() - before).toBeLessThan(16 * MIB);
    let rest = '';
    let count = 0;
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        expect(line).toContain(`"order-${MANY - count++}"`);
        if (count % 10_000 === 0) expect(memoryInUse() - before).toBeLessThan(16 * MIB);
      }
    }
    expect([count, rest, response.complete]).toEqual([MANY, '', true]);
  }, 60_000);

  it('stops when the client goes away, which makes room for others', async () => {
    const four: IncomingMessage[] = [];
    while (four.length < 4) four.push(await start(''));
    expect(new Set(four.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
    const fifth = await start('');
    expect([fifth.statusCode, fifth.headers['retry-after']]).toEqual([503, '10']);
    expect((await exportOf(small)).status).toBe(200);
    four[0]!.destroy();
    await waitFor(async () => {
      const next = await start('');
      next.destroy();
      return next.statusCode === 200;
    });
  }, 60_000);

  it('that fails on the way is cut off instead of ending well', async () => {
    const response = await start('');
    await rests();
    await app.dataSource.query('ALTER TABLE finished_deliveries RENAME TO elsewhere');
    try {
      await expect(async () => {
        for await (const _ of response);
      }).rejects.toThrow('aborted');
      expect(response.complete).toBe(false);
    } finally {
      await app.dataSource.query('ALTER TABLE elsewhere RENAME TO finished_deliveries');
    }
  }, 60_000);

  it('that fails at the beginning is a problem like any other', async () => {
    await app.dataSource.query('ALTER TABLE finished_deliveries RENAME TO elsewhere');
    const { status, body } = await exportOf(small);
    await app.dataSource.query('ALTER TABLE elsewhere RENAME TO finished_deliveries');
    expect(status).toBe(500);
    expect(body.code).toBe('internal');
    expect((await exportOf(small)).status).toBe(200);
  });

  it('answers HEAD with its headers alone', async () => {
    const answer = await app.call('HEAD', path(large), { token: admin.token });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toContain('.csv');
  });
});
