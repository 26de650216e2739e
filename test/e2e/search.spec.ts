import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
import { captureStatements } from '../support/statements.js';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 5, 1);

interface List {
  path(): string;
  /** Adds a row of each moment. */
  add(timesMs: number[]): Promise<unknown>;
  /** Filters that leave all of these rows. */
  filters: string[];
  /** Filters that leave none of them. */
  empty: string[];
}

let app: TestApp;
let admin: TestUser;
let reader: TestUser;
let account: TestAccount;
let destination: string;

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  admin = await registerAdmin(app);
  account = await createAccount(app, admin);
  await unlimited(app, admin, account);
  reader = await registerUser(app);
  await addMember(app, admin, account, reader, 'User');
  ({ id: destination } = await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/Hook_1' }));
});

afterAll(() => app.close());

const get = (path: string, query = '') => {
  // Header values of rows that were made straight in SQL cannot be opened; this reader does not see any.
  const { token } = path.endsWith('/destinations') ? reader : admin;
  return app.call('GET', path + (query && `?${query}`), { token });
};

const insert = (sql: string, timesMs: number[], ...values: unknown[]) =>
  app.dataSource.query(
    sql.replace(
      'ROWS',
      `(SELECT id, n, at FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS r (id, at, n)) rows`,
    ),
    [timesMs.map((msecs) => uuidv7({ msecs })), timesMs.map((ms) => new Date(ms)), ...values],
  );

const during = `created_from=2026-06-01&created_to=2026-12-01T00:00:00Z`;
const before = 'created_to=2026-05-01T00:00:00%2B02:00';

const lists: Record<string, List> = {
  accounts: {
    path: () => '/accounts',
    add: (times) =>
      insert(
        `INSERT INTO accounts (id, account_name, website, email, created_at)
         SELECT id, 'Läufer 50%_off ' || n, 'https://runner.example/' || n, id || '@runner.example', at FROM ROWS`,
        times,
      ),
    filters: ['q=RUNNER.example', 'q=l%C3%84ufer', 'q=50%25_', during, `q=runner&${during}`],
    empty: ['q=50__off', before, `q=runner&${before}`, "q=';DROP TABLE accounts;--", 'q=%5C'],
  },
  destinations: {
    path: () => `/accounts/${account.id}/destinations`,
    add: (times) =>
      insert(
        `INSERT INTO destinations (id, account_id, url, description, http_method, state, headers_sealed, signing_secret_sealed, created_at)
         SELECT rows.id, $3, 'https://runner.example/' || n, 'Größe 50%_off', 'PUT', 'paused', d.headers_sealed, d.signing_secret_sealed, at
         FROM ROWS, destinations d WHERE d.id = $4`,
        times,
        account.id,
        destination,
      ),
    filters: [
      'q=RUNNER.ex',
      'q=GR%C3%96',
      'state=paused',
      'http_method=put',
      during,
      `q=50%25_&state=paused&http_method=PUT&${during}`,
    ],
    empty: ['q=50__off', 'state=disabled', 'http_method=DELETE', before, 'q=runner&state=active', 'q=$1'],
  },
  members: {
    path: () => `/accounts/${account.id}/members`,
    add: (times) =>
      insert(
        `INSERT INTO members (id, account_id, email, role_name, invite_token_sha256, created_at)
         SELECT id, $3, id || '@runner.example', 'User', decode(replace(id::text, '-', ''), 'hex'), at FROM ROWS`,
        times,
        account.id,
      ),
    filters: ['q=RUNNER.ex', 'role_name=User', during, `q=runner&role_name=User&${during}`],
    empty: ['q=runner_example', 'q=runner&role_name=Admin', before],
  },
  logs: {
    path: () => `/accounts/${account.id}/logs`,
    add: async (times) => {
      await insert(
        `INSERT INTO events (account_id, id, event_id, event_type, payload, destination_ids)
         SELECT $3, id, 'run-' || id, 'run.started', convert_to($4, 'UTF8'), '{}' FROM ROWS`,
        times,
        account.id,
        JSON.stringify({ who: 'Jörg', text: '50%_off', path: 'C:\\temp' }),
      );
      await insert(
        `INSERT INTO finished_deliveries (account_id, id, event, event_id, destination_id, event_type, status,
           attempts, last_error, origin, received_at)
         SELECT $3, rows.id, e.id, e.event_id, $4, e.event_type, 'failed', 1, 'status: answered 500', 'event', e.received_at
         FROM ROWS JOIN events e ON e.account_id = $3 AND left(e.id::text, 13) = left(($5::uuid[])[n]::text, 13)`,
        times.map((ms) => ms + 1),
        account.id,
        destination,
        times.map((msecs) => uuidv7({ msecs })),
      );
    },
    filters: [
      'status=failed',
      'event_type=run.started',
      'from=2026-06-01&to=2026-12-01',
      'q=RUN-0',
      'q=j%C3%96rg',
      'q=50%25_',
      'q=C:%5Ctemp',
      'q=answered%20500',
      'q=hook_1',
      'q=%22who%22:&status=failed&event_type=run.started&from=2026-06-01&to=2026-12-01T00:00',
    ],
    empty: [
      'status=success',
      'event_type=run',
      'from=2026-12-01',
      'to=2026-05-01',
      'q=50__off',
      "q=';DROP TABLE events;--",
      'q=%25%25%25',
      'q=answered%20500&status=cancelled',
      'q=nowhere',
    ],
  },
};

describe.each(Object.entries(lists))('the list of %s', (_name, list) => {
  const size = 210;
  const times = Array.from({ length: size }, (_, n) => START + n * HOUR_MS);
  let own: Set<string>;

  beforeAll(async () => {
    const known = new Set(await walk(list, 'limit=200'));
    await list.add(times);
    own = new Set((await walk(list, 'limit=200')).filter((id) => !known.has(id)));
  });

  it('holds what was added', () => {
    expect(own.size).toBe(size);
  });

  it('sends as many statements for 200 rows as for one', async () => {
    for (const filter of ['', ...list.filters]) {
      const few = await captureStatements(() => get(list.path(), `limit=1&${filter}`));
      const many = await captureStatements(() => get(list.path(), `limit=200&${filter}`));
      expect({ filter, sent: many.length }).toEqual({ filter, sent: few.length });
      expect(many.length).toBeLessThan(9);
    }
  });

  it('gives what a filter asks for once each, while others are added', async () => {
    for (const [index, filter] of list.filters.entries()) {
      const seen = await walk(list, `limit=50&${filter}`, (page) =>
        list.add([START + (1000 + index * 20 + page) * HOUR_MS]),
      );
      expect(new Set(seen).size).toBe(seen.length);
      expect({ filter, found: seen.filter((id) => own.has(id)).length }).toEqual({ filter, found: size });
    }
  });

  it.each(list.empty)('leaves out what ?%s does not ask for', async (filter) => {
    const seen = await walk(list, `limit=200&${filter}`);
    expect(seen.filter((id) => own.has(id))).toEqual([]);
  });
});

async function walk(
  list: List,
  query: string,
  between: (page: number) => Promise<unknown> = async () => undefined,
) {
  const seen: string[] = [];
  let cursor = '';
  for (let page = 0; ; page++) {
    const { status, body } = await get(list.path(), query + cursor);
    expect({ query, status }).toEqual({ query, status: 200 });
    seen.push(...body.data.map(({ id }: { id: string }) => id));
    if (body.page.next === null) return seen;
    cursor = `&cursor=${body.page.next}`;
    await between(page);
  }
}

describe('a text to search for in the log', () => {
  it.each([
    ['q=ab', /3 to 200/],
    ['q=', /3 to 200/],
    ['q=%20%20a%20%20', /3 to 200/],
    [`q=${'x'.repeat(201)}`, /3 to 200/],
    ['q=abc%00', /NUL/],
    ['q=abc&q=abd', /text/],
  ])('is refused as ?%s', async (query, reason) => {
    const { status, body } = await get(lists.logs!.path(), query);
    expect(status).toBe(400);
    expect(body).toMatchObject({ title: 'Invalid Data', errors: [{ field: 'q' }] });
    expect(body.detail).toMatch(reason);
  });

  it('finds an event as soon as it was accepted', async () => {
    const own = await createAccount(app, admin);
    await createDestination(app, admin, own, { url: 'http://127.0.0.1:9/' });
    const sent = await app.call('POST', '/server/incoming_data', {
      body: { note: 'Überraschung' },
      headers: { 'cl-x-token': own.app_secret_token, 'cl-x-event-id': 'fresh-1' },
    });
    expect(sent.status).toBe(202);
    for (const q of ['fresh-1', 'ÜBERRASCHUNG', '"note":"Über'])
      expect((await get(`/accounts/${own.id}/logs`, `q=${encodeURIComponent(q)}`)).body.data).toMatchObject([
        { event_id: 'fresh-1' },
      ]);
  });

  it('is not looked for in another account', async () => {
    const other = await createAccount(app, admin);
    const { body } = await get(`/accounts/${other.id}/logs`, 'q=run-');
    expect(body).toEqual({ data: [], page: { next: null, limit: 50 } });
  });
});

describe('a time that ends before it begins', () => {
  it.each([
    ['accounts', 'created_from=2026-02-01&created_to=2026-01-01', 'created_to'],
    ['destinations', 'created_from=2026-01-01T00:00:00Z&created_to=2026-01-01', 'created_to'],
    ['members', 'created_from=2026-01-01T00:00:00-01:00&created_to=2026-01-01T00:30:00Z', 'created_to'],
    ['logs', 'from=2026-01-01T10:00&to=2026-01-01T10:00:00Z', 'to'],
  ])('is refused by the list of %s', async (name, query, field) => {
    const { status, body } = await get(lists[name]!.path(), query);
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field, message: expect.stringMatching(/must be later than/) }]);
  });
});
