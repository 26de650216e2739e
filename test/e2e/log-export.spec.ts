import { parse } from 'csv-parse/sync';
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
  unlimited,
} from '../support/factories.js';

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

describe('an export of the log', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    account = await createAccount(app, admin);
    await unlimited(app, admin, account);
  });

  afterAll(() => app?.close());

  const path = (query = '') => `/accounts/${account.id}/logs/export${query}`;

  async function get(query = '', { token } = admin) {
    const response = await fetch(app.url + path(query), {
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
      expect((await app.call('GET', path())).status).toBe(401);
      await addMember(app, admin, account, user, 'User');
      expect((await get('', user)).status).toBe(200);
    });
  });
});
