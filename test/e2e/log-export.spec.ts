import { parse } from 'csv-parse/sync';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
  unlimited,
} from '../support/factories.js';
import { waitFor } from '../support/wait-for.js';

const MANY = 50_000;
const ERROR_CHARACTERS = 500;
const AT_ONCE = 5000;
const MIB = 1024 * 1024;

const COLUMNS = [
  'id',
  'account_id',
  'event_id',
  'event',
  'event_type',
  'destination_id',
  'url',
  'status',
  'origin',
  'attempts',
  'last_status_code',
  'last_error',
  'next_attempt_at',
  'received_at',
  'processed_at',
  'source',
  'message',
  'created_by',
];

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of this process, in which the product runs too, that are still needed. */
function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('an export of the log', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let large: TestAccount;
  const open: IncomingMessage[] = [];

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
    large = await createAccount(app, admin);
    await insertMany(large.id);
  });

  beforeEach(async () => {
    account = await createAccount(app, admin);
    await unlimited(app, admin, account);
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

  async function get(query = '', { token } = admin) {
    const response = await fetch(app.url + path(account, query), {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await response.text();
    const problem = response.headers.get('content-type')?.startsWith('application/problem')
      ? JSON.parse(text)
      : null;
    return { status: response.status, headers: response.headers, text, problem };
  }

  const read = (csv: string) =>
    parse(csv, { columns: true, record_delimiter: '\r\n' }) as Record<string, string>[];

  /** An answer of which nothing is read until the test does. */
  const start = (of: TestAccount, query: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${admin.token}` };
      const request = httpRequest(`${app.url}${path(of, query)}`, { headers, agent: false }, (response) => {
        open.push(response.on('error', () => undefined));
        resolve(response);
      });
      request.on('error', reject).end();
    });

  const send = (eventId: string, body: string) =>
    app.call('POST', '/server/incoming_data', {
      raw: body,
      headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': eventId },
    });

  it('has the entries of the list, in its order, as CSV and as NDJSON', async () => {
    await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/hook?a=1,2' });
    for (const n of [1, 2, 3]) await send(`order-${n}`, `{"event_type":"order.paid"}`);
    const list = await app.call('GET', `/accounts/${account.id}/logs`, { token: admin.token });

    const csv = await get();
    expect(csv.status).toBe(200);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(csv.headers.get('content-disposition')).toMatch(
      new RegExp(`^attachment; filename="logs-${account.id}-\\d{8}T\\d{6}Z\\.csv"$`),
    );
    expect(csv.text.split('\r\n')[0]).toBe(COLUMNS.join());
    const texts = list.body.data.map((entry: Record<string, unknown>) =>
      Object.fromEntries(
        COLUMNS.map((column) => [column, `${(entry[column] as string | number | null) ?? ''}`]),
      ),
    );
    expect(read(csv.text)).toEqual(texts);

    const ndjson = await get('?format=ndjson');
    expect(ndjson.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(ndjson.headers.get('content-disposition')).toContain('.ndjson"');
    expect(ndjson.text.endsWith('\n')).toBe(true);
    expect(
      ndjson.text
        .trim()
        .split('\n')
        .map((line: string) => JSON.parse(line)),
    ).toEqual(list.body.data);
  });

  it('takes every filter of the list', async () => {
    const { id } = await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/a' });
    const other = await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/b' });
    await app.call('POST', `/accounts/${account.id}/destinations/${other.id}/pause`, { token: admin.token });
    await send('one', '{"type":"a"}');
    await send('two', '{"type":"b"}');
    const idsOf = async (query: string) =>
      read((await get(`?${query}`)).text).map((row) => `${row.event_id} ${row.status}`);
    expect(await idsOf('status=held')).toEqual(['two held', 'one held']);
    expect(await idsOf(`destination_id=${id}`)).toEqual(['two pending', 'one pending']);
    expect(await idsOf('event_type=a&status=pending')).toEqual(['one pending']);
    expect((await idsOf('event_id=two')).toSorted()).toEqual(['two held', 'two pending']);
    expect(await idsOf('event_id=none')).toEqual([]);
    expect(await idsOf('from=2100-01-01T00:00:00Z')).toEqual([]);
  });

  it('has nothing of a destination of another account', async () => {
    const { id } = await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/a' });
    await send('ours', '{"type":"a"}');
    const other = await createAccount(app, admin);
    const ofOther = async (query: string) => {
      const list = await app.call('GET', `/accounts/${other.id}/logs?${query}`, { token: admin.token });
      return list.body.data ?? list;
    };
    for (const more of ['', '&status=pending', '&event_type=a', '&event_id=ours', '&q=type'])
      expect(await ofOther(`destination_id=${id}${more}`)).toEqual([]);
  });

  it('of nothing is the header row alone, or nothing', async () => {
    expect((await get()).text).toBe(`${COLUMNS.join()}\r\n`);
    const ndjson = await get('?format=ndjson');
    expect([ndjson.status, ndjson.text]).toEqual([200, '']);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")', '＝1'])(
    'keeps a spreadsheet from running %j',
    async (cell) => {
      await insertRow({ event_type: cell, last_error: cell });
      const [row] = read((await get()).text);
      expect(row!.event_type).toBe(`'${cell}`);
      expect(row!.last_error).toBe(`'${cell}`);
      const ndjson = await get('?format=ndjson');
      expect(JSON.parse(ndjson.text).event_type).toBe(cell);
    },
  );

  it.each([
    'a,b',
    'say "x"',
    'two\nlines',
    'two\r\nlines',
    'cr\rcr',
    '"',
    ',',
    ' blank ',
    'é😀\u202e',
    "'x",
    ';',
    '\u0001',
  ])('quotes %j so that a reader gets it back', async (cell) => {
    await insertRow({ event_type: cell, last_error: cell });
    const rows = read((await get()).text);
    expect(rows).toHaveLength(1);
    expect([rows[0]!.event_type, rows[0]!.last_error]).toEqual([cell, cell]);
  });

  const insertRow = ({ event_type, last_error }: { event_type: string; last_error: string }) =>
    app.dataSource.query(
      `INSERT INTO finished_deliveries (id, account_id, event, event_id, event_type, status, attempts, last_error, origin, received_at)
       VALUES (gen_random_uuid(), $1, gen_random_uuid(), 'x', $2, 'failed', 1, $3, 'event', now())`,
      [account.id, event_type, last_error],
    );

  describe('is refused', () => {
    it.each([
      ['?format=xml', 'format'],
      ['?limit=10', 'limit'],
      ['?cursor=x', 'cursor'],
      ['?status=lost', 'status'],
      ['?nonsense=1', 'nonsense'],
    ])('with %s', async (query, field) => {
      const { status, problem } = await get(query);
      expect(status).toBe(400);
      expect(problem.errors[0].field).toBe(field);
    });

    it('to whoever is not a member, and given to a User of the account', async () => {
      const user = await registerUser(app);
      expect((await get('', user)).status).toBe(404);
      expect((await app.call('GET', path(account))).status).toBe(401);
      await addMember(app, admin, account, user, 'User');
      expect((await get('', user)).status).toBe(200);
    });
  });

  describe(`of ${MANY} entries`, () => {
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
      const response = await start(large, '?format=ndjson');
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
      while (four.length < 4) four.push(await start(large, ''));
      expect(new Set(four.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
      const fifth = await start(large, '');
      expect([fifth.statusCode, fifth.headers['retry-after']]).toEqual([503, '10']);
      expect((await get()).status).toBe(200);
      four[0]!.destroy();
      await waitFor(async () => {
        const next = await start(large, '');
        next.destroy();
        return next.statusCode === 200;
      });
    }, 60_000);

    it('that fails on the way is cut off instead of ending well', async () => {
      const response = await start(large, '');
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
      const { status, problem } = await get();
      await app.dataSource.query('ALTER TABLE elsewhere RENAME TO finished_deliveries');
      expect(status).toBe(500);
      expect(problem.code).toBe('internal');
      expect((await get()).status).toBe(200);
    });

    it('answers HEAD with its headers alone', async () => {
      const answer = await app.call('HEAD', path(large), { token: admin.token });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-disposition')).toContain('.csv');
    });
  });
});
