import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { typeormOptions } from '../../src/database/database.options.js';
import { LogSearch } from '../../src/logs/log-search.js';
import { LogsService } from '../../src/logs/logs.service.js';
import { deliveryStatuses } from '../../src/logs/logs.dto.js';
import { TextSearch } from '../../src/search/text-search.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

const NOON = Date.UTC(2030, 0, 10, 12);
const HOUR_MS = 3_600_000;
const ACCOUNTS = [uuidv7(), uuidv7()];
const DESTINATIONS = [uuidv7(), uuidv7()];
const TYPES = ['order.created', 'order.paid', null];

interface Entry {
  id: string;
  account_id: string;
  destination_id: string;
  event_type: string | null;
  status: string;
  event_id: string;
  timeMs: number;
}

type Filter = Record<string, string>;

describe('lists of the log', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let logs: LogsService;
  let entries: Entry[];

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource(typeormOptions(database.connection)).initialize();
    logs = new LogsService(dataSource, new LogSearch(dataSource, new TextSearch(dataSource)));
    // Every kind of entry, two of each, spread over the hours so that kinds alternate in time.
    const kinds = ACCOUNTS.flatMap((account_id) =>
      DESTINATIONS.flatMap((destination_id) =>
        TYPES.flatMap((event_type) =>
          deliveryStatuses.flatMap((status) =>
            [0, 1].map(() => ({ account_id, destination_id, event_type, status })),
          ),
        ),
      ),
    );
    entries = kinds.map((kind, index) => addTime(kind, NOON + ((index * 31) % kinds.length) * HOUR_MS));
    for (const entry of entries) await insert(entry);
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const addTime = (kind: Omit<Entry, 'id' | 'event_id' | 'timeMs'>, timeMs: number): Entry => ({
    ...kind,
    timeMs,
    id: uuidv7({ msecs: timeMs + 1 }),
    event_id: `order-${timeMs}`,
  });

  async function insert(entry: Entry): Promise<void> {
    const event = uuidv7({ msecs: entry.timeMs });
    const isOpen = ['pending', 'retrying', 'held'].includes(entry.status);
    const table = isOpen ? 'deliveries' : 'finished_deliveries';
    await dataSource.query(
      `INSERT INTO ${table}
         (id, account_id, destination_id, event_type, status, event_id, event, attempts, origin, received_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 'event', now())`,
      [
        entry.id,
        entry.account_id,
        entry.destination_id,
        entry.event_type,
        entry.status,
        entry.event_id,
        event,
      ],
    );
    await dataSource.query('INSERT INTO event_keys VALUES ($1, $2, $3, $4)', [
      entry.account_id,
      entry.event_id,
      event,
      '',
    ]);
  }

  async function readAll(filter: Filter): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await logs.list(ACCOUNTS[0]!, { ...filter, limit: 3, cursor });
      ids.push(...page.data.map(({ id }) => id));
      cursor = page.page.next ?? undefined;
    } while (cursor);
    return ids;
  }

  const from = new Date(NOON + 40 * HOUR_MS).toISOString();
  const to = new Date(NOON + 100 * HOUR_MS).toISOString();
  const times: Filter[] = [{}, { from }, { to }, { from, to }];
  const either = (name: string, ...values: string[]): Filter[] => [
    {},
    ...values.map((value) => ({ [name]: value })),
  ];
  const filters = either('status', ...deliveryStatuses).flatMap((status) =>
    either('destination_id', DESTINATIONS[1]!).flatMap((destination) =>
      either('event_type', 'order.paid').flatMap((type) =>
        times.map((time) => Object.assign({}, status, destination, type, time)),
      ),
    ),
  );

  it.each(filters)('hold exactly what %j asks for, newest first, page by page', async (filter) => {
    const { from: first, to: end, ...same } = filter;
    const expected = entries.filter(
      (entry) =>
        entry.account_id === ACCOUNTS[0] &&
        Object.entries(same).every(([key, value]) => entry[key as keyof Entry] === value) &&
        (!first || entry.timeMs >= Date.parse(first)) &&
        (!end || entry.timeMs < Date.parse(end)),
    );
    const ids = expected.map(({ id }) => id).toSorted();
    expect(await readAll(filter)).toEqual(ids.toReversed());
  });

  it('find the deliveries of an event, of any status', async () => {
    for (const { account_id: account, event_id: eventId, id, status } of entries.slice(0, 40)) {
      expect(await readAll({ event_id: eventId })).toEqual(account === ACCOUNTS[0] ? [id] : []);
      expect(await readAll({ event_id: eventId, status })).toEqual(account === ACCOUNTS[0] ? [id] : []);
    }
  });
});
