import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AccountScope, within } from '../../src/auth/account-scope.js';
import { DAY_MS, firstIdOf } from '../../src/database/partitions.js';
import { typeormOptions } from '../../src/database/database.options.js';
import { Destination } from '../../src/destinations/destination.entity.js';
import { entities } from '../../src/entities.js';
import { FlatLogsService } from '../../src/logs/flat-logs.service.js';
import { LogSearch } from '../../src/logs/log-search.js';
import { LogsService } from '../../src/logs/logs.service.js';
import { TextSearch } from '../../src/search/text-search.js';
import { deliveryStatuses } from '../../src/logs/logs.dto.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { captureStatements } from '../support/statements.js';

const MINUTE_MS = 60_000;
/** Entries of the past days, so that a page goes over windows of every length. */
const START = Date.now() - 3 * DAY_MS;
/** Many accounts, of which the caller is in three; an entry of each kind in every account. */
const ACCOUNTS = Array.from({ length: 60 }, () => uuidv7());
const MINE: AccountScope = [7, 20, 59].map((index) => ({ accountId: ACCOUNTS[index]!, role: 'User' }));
const TYPES = ['order.created', null];
const DESTINATIONS = ACCOUNTS.map(() => uuidv7());

const timeAfter = (entries: number): string => new Date(START + entries * 4 * MINUTE_MS).toISOString();

interface Entry {
  id: string;
  account_id: string;
  destination_id: string;
  event: string;
  event_id: string;
  event_type: string | null;
  status: string;
  source: 'delivery' | 'manual';
}

describe('lists across accounts', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let logs: FlatLogsService;
  let entries: Entry[];

  beforeAll(async () => {
    database = await createTestDatabase();
    const options = { ...typeormOptions(database.connection), entities };
    dataSource = await new DataSource(options).initialize();
    logs = new FlatLogsService(
      dataSource,
      new LogsService(dataSource, new LogSearch(dataSource, new TextSearch(dataSource))),
    );
    const kinds = ACCOUNTS.flatMap((account_id, index) =>
      TYPES.flatMap((event_type) =>
        deliveryStatuses.map((status) => ({
          account_id,
          destination_id: DESTINATIONS[index]!,
          event_type,
          status,
          source: 'delivery' as const,
        })),
      ),
    );
    const manual = kinds
      .filter(({ event_type: type, status }) => !type && ['success', 'failed', 'cancelled'].includes(status))
      .map((kind) => Object.assign({}, kind, { source: 'manual' as const }));
    const all = [...kinds, ...manual];
    // Accounts and kinds alternate in time; 41 shares no factor with how many there are.
    entries = all.map((kind, index) =>
      addIds(kind, START + ((index * 41) % all.length) * 4 * MINUTE_MS, index),
    );
    await insertAccounts();
    await insertEntries();
    await dataSource.query('ANALYZE');
  });

  afterAll(async () => {
    await dataSource?.destroy();
    await database?.drop();
  });

  const addIds = (kind: Omit<Entry, 'id' | 'event' | 'event_id'>, timeMs: number, index: number): Entry => ({
    ...kind,
    id: uuidv7({ msecs: timeMs + 1 }),
    event: uuidv7({ msecs: timeMs }),
    // Every account has the same ids of events, and manual entries share those of deliveries.
    event_id: `order-${index % 12}`,
  });

  async function insertAccounts(): Promise<void> {
    await dataSource.query(
      `INSERT INTO accounts (id, account_name) SELECT id, 'Account' FROM unnest($1::uuid[]) AS a (id)`,
      [ACCOUNTS],
    );
    await dataSource.query(
      `INSERT INTO destinations (id, account_id, url, headers_sealed, signing_secret_sealed)
       SELECT id, account_id, 'https://example.com', '', '' FROM unnest($1::uuid[], $2::uuid[]) AS d (id, account_id)`,
      [DESTINATIONS, ACCOUNTS],
    );
  }

  async function insertEntries(): Promise<void> {
    const rows = 'SELECT * FROM json_populate_recordset(NULL::';
    const of = (isWanted: (entry: Entry) => boolean) => [JSON.stringify(entries.filter(isWanted))];
    const isOpen = ({ status }: Entry) => ['pending', 'retrying', 'held'].includes(status);
    const isDelivery = ({ source }: Entry) => source === 'delivery';
    await dataSource.query(
      `INSERT INTO deliveries (id, event, account_id, destination_id, event_id, event_type, status)
       SELECT id, event, account_id, destination_id, event_id, event_type, status
       FROM (${rows}deliveries, $1)) rows`,
      of((entry) => isDelivery(entry) && isOpen(entry)),
    );
    await dataSource.query(
      `INSERT INTO finished_deliveries
         (id, event, account_id, destination_id, event_id, event_type, status, attempts, origin, received_at)
       SELECT id, event, account_id, destination_id, event_id, event_type, status, 1, 'event', now()
       FROM (${rows}finished_deliveries, $1)) rows`,
      of((entry) => isDelivery(entry) && !isOpen(entry)),
    );
    await dataSource.query(
      `INSERT INTO event_keys (account_id, event_id, event, body_sha256)
       SELECT account_id, event_id, event, '' FROM (${rows}event_keys, $1)) rows`,
      of(isDelivery),
    );
    await dataSource.query(
      `INSERT INTO manual_log_entries (id, account_id, destination_id, event_id, status)
       SELECT id, account_id, destination_id, event_id, status FROM (${rows}manual_log_entries, $1)) rows`,
      of((entry) => !isDelivery(entry)),
    );
  }

  async function readAll(scope: AccountScope, filter: Record<string, string>): Promise<string[]> {
    const ids: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await logs.list(scope, { ...filter, limit: 7, cursor });
      ids.push(...page.data.map(({ id }) => id));
      if (page.page.next === null) return ids;
      cursor = page.page.next;
    }
  }

  const scopes: [string, AccountScope][] = [
    ['three accounts', MINE],
    ['all accounts but some', ACCOUNTS.slice(4).map((accountId) => ({ accountId, role: 'User' }))],
    ['one account', MINE.slice(0, 1)],
    ['no account', []],
    ['all accounts', 'all'],
  ];
  const filters: Record<string, string>[] = [
    {},
    { event_type: 'order.created' },
    { event_id: 'order-1' },
    { event_id: 'order-1', status: 'success' },
    { event_id: 'order-0', status: 'pending' },
    { event_id: 'unknown' },
    { event_type: 'order.created', status: 'failed' },
    { event_type: 'order.created', status: 'held' },
    { event_type: 'order.imagined' },
    { destination_id: DESTINATIONS[20]! },
    { destination_id: DESTINATIONS[2]!, event_type: 'order.created' },
    { from: timeAfter(500), to: timeAfter(700) },
    { from: timeAfter(200), event_type: 'order.created' },
    { to: timeAfter(300), status: 'success' },
    ...deliveryStatuses.map((status) => ({ status })),
  ];
  const cases = scopes.flatMap(([name, scope]) => filters.map((filter) => ({ name, scope, filter })));

  it.each(cases)('hold of $name exactly what $filter asks for, newest first, page by page', async (one) => {
    const { from, to, ...same } = one.filter;
    const expected = entries.filter(
      (entry) =>
        (one.scope === 'all' || one.scope.some(({ accountId }) => accountId === entry.account_id)) &&
        Object.entries(same).every(([key, value]) => entry[key as keyof Entry] === value) &&
        (!from || entry.id >= firstIdOf(Date.parse(from))) &&
        (!to || entry.id < firstIdOf(Date.parse(to))),
    );
    expect(await readAll(one.scope, one.filter)).toEqual(
      expected
        .map(({ id }) => id)
        .toSorted()
        .toReversed(),
    );
  });

  it('leave out accounts that are deleted', async () => {
    const [first] = ACCOUNTS;
    await dataSource.query('UPDATE accounts SET deleted_at = now() WHERE id = $1', [first]);
    const ofOthers = entries.filter(({ account_id: account }) => account !== first).length;
    expect(await readAll('all', {})).toHaveLength(ofOthers);
    expect(await readAll('all', { event_id: 'order-1' })).not.toContain(entries[1]!.id);
    await dataSource.query('UPDATE accounts SET deleted_at = NULL');
  });

  it('are one statement each', async () => {
    const filtersOfOne = filters.filter((filter) => !filter.event_id);
    for (const scope of ['all' as const, MINE])
      for (const filter of filtersOfOne)
        expect(await captureStatements(() => logs.list(scope, { ...filter, limit: 50 }))).toHaveLength(1);
    const list = dataSource.createQueryBuilder(Destination, 'd').orderBy('d.id', 'DESC').limit(2);
    const statements = await captureStatements(async () => {
      const rows = await within(MINE, list).getMany();
      expect(rows.map(({ accountId }) => accountId)).toEqual([ACCOUNTS[59], ACCOUNTS[20]]);
    });
    expect(statements).toHaveLength(1);
  });
});
