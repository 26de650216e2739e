import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { typeormOptions } from '../../src/database/database.options.js';
import { DAY_MS, ensureDayPartitions } from '../../src/database/partitions.js';
import { type DeliveryPool, createDeliveryPool } from '../../src/database/pools.js';
import { PARTITIONED_TABLES } from '../../src/events/partitioned-tables.js';
import { LogSearch } from '../../src/logs/log-search.js';
import { LogsService } from '../../src/logs/logs.service.js';
import { deliveryStatuses } from '../../src/logs/logs.dto.js';
import { completeBlocks, findMadeSince } from '../../src/search/block-writer.js';
import { SearchKeeper } from '../../src/search/search-keeper.js';
import { TextSearch } from '../../src/search/text-search.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

const NOON = Date.UTC(2020, 0, 10, 12);
const EVENTS = 700;
const STEP_MS = Math.floor((2 * DAY_MS) / EVENTS);
const END = NOON + EVENTS * STEP_MS;
const [ACCOUNT, OTHER] = [uuidv7(), uuidv7()];
const DESTINATIONS = [
  { id: uuidv7(), url: 'https://alpha.example/Hook_1' },
  { id: uuidv7(), url: 'https://beta.example/100%/hook' },
];
const ERRORS = {
  failed: 'status: answered 500',
  cancelled: 'The destination was deleted.',
  retrying: 'no answer',
};

interface Entry {
  id: string;
  event: string;
  account_id: string;
  event_id: string;
  event_type: string;
  destination_id: string;
  url: string;
  status: string;
  last_error: string | null;
  payload: string;
  timeMs: number;
}

type Filter = Record<string, string>;

/** Text that is the same in every run and hardly repeats. */
const noise = (seed: number, length: number): string => {
  let text = '';
  for (let n = seed + 1; text.length < length; n = (n * 48_271) % 2_147_483_647) text += n.toString(36);
  return text.slice(0, length);
};

function payloadOf(n: number): string {
  const data = {
    number: `ORD-${10_000 + n}`,
    who: n % 50 === 7 ? 'Zoë "Z" Ångström' : n % 3 === 0 ? 'Anna' : 'Bert',
    path: n % 90 === 11 ? String.raw`C:\temp\50%_off` : 'none',
    emoji: n % 100 === 3 ? '😀😃 東京タワー Ärger' : '',
    noise: noise(n, 500),
  };
  const text = JSON.stringify(data);
  // As PHP and Python write it by themselves.
  if (n % 100 === 57)
    return text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return n % 100 === 40 ? `${text.slice(0, -1)},"long":"${'é'.repeat(12_000)}","end":"far away"}` : text;
}

describe('search in the log', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let pool: DeliveryPool;
  let logs: LogsService;
  let keeper: SearchKeeper;
  let entries: Entry[];

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource(typeormOptions(database.connection)).initialize();
    pool = createDeliveryPool(database.connection);
    await ensureDayPartitions(pool, PARTITIONED_TABLES, NOON);
    keeper = new SearchKeeper(pool, pino({ level: 'silent' }));
    logs = new LogsService(dataSource, new LogSearch(dataSource, new TextSearch(dataSource)));
    for (const id of [ACCOUNT, OTHER])
      await dataSource.query('INSERT INTO accounts (id, account_name) VALUES ($1, $2)', [id, id]);
    for (const { id, url } of DESTINATIONS)
      await dataSource.query(
        `INSERT INTO destinations (id, account_id, url, headers_sealed, signing_secret_sealed) VALUES ($1, $2, $3, '', '')`,
        [id, ACCOUNT, url],
      );
    entries = Array.from({ length: EVENTS }, (_, n) => entryOf(n));
    await store(entries);
  });

  afterAll(async () => {
    await dataSource.destroy();
    await pool.end();
    await database.drop();
  });

  function entryOf(n: number): Entry {
    const timeMs = NOON + n * STEP_MS;
    const status = deliveryStatuses[n % 6]!;
    const destination = DESTINATIONS[n % 2 || n % 4 ? 0 : 1]!;
    return {
      id: uuidv7({ msecs: timeMs + 1 }),
      event: uuidv7({ msecs: timeMs }),
      account_id: n % 7 === 6 ? OTHER : ACCOUNT,
      event_id: `evt_${n}`,
      event_type: n % 5 ? 'order.created' : 'order.paid',
      destination_id: destination.id,
      url: destination.url,
      status,
      last_error: ERRORS[status as keyof typeof ERRORS] ?? null,
      payload: payloadOf(n),
      timeMs,
    };
  }

  async function store(all: Entry[]): Promise<void> {
    await dataSource.query(
      `INSERT INTO events (account_id, id, event_id, event_type, payload, destination_ids)
       SELECT account_id, event, event_id, event_type, convert_to(payload, 'UTF8'), '{}'
       FROM jsonb_to_recordset($1) AS e (account_id uuid, event uuid, event_id text, event_type text, payload text)`,
      [JSON.stringify(all)],
    );
    await dataSource.query(
      `INSERT INTO event_keys (account_id, event_id, event, body_sha256)
       SELECT account_id, event_id, event, '' FROM jsonb_to_recordset($1) AS e (account_id uuid, event_id text, event uuid)
       ON CONFLICT DO NOTHING`,
      [JSON.stringify(all)],
    );
    for (const [table, isOpen] of [
      ['deliveries', true],
      ['finished_deliveries', false],
    ] as const)
      await dataSource.query(
        `INSERT INTO ${table} (id, account_id, destination_id, event_type, status, event_id, event, attempts,
           last_error, origin, received_at)
         SELECT id, account_id, destination_id, event_type, status, event_id, event, 1, last_error, 'event', now()
         FROM jsonb_to_recordset($1) AS d (id uuid, account_id uuid, destination_id uuid, event_type text,
           status text, event_id text, event uuid, last_error text)`,
        [
          JSON.stringify(
            all.filter(({ status }) => ['pending', 'retrying', 'held'].includes(status) === isOpen),
          ),
        ],
      );
  }

  async function readAll(filter: Filter, limit = 50): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await logs.list(ACCOUNT, { ...filter, limit, cursor });
      ids.push(...page.data.map(({ id }) => id));
      cursor = page.page.next ?? undefined;
    } while (cursor);
    return ids;
  }

  /** What there is to find, the slow way; payloads as they are read, not as they are written. */
  function expected({ q, from, to, ...same }: Filter): string[] {
    const part = q!.toLowerCase();
    const has = (text: string | null) => text?.toLowerCase().includes(part) ?? false;
    return entries
      .filter(
        (entry) =>
          entry.account_id === ACCOUNT &&
          Object.entries(same).every(([key, value]) => entry[key as keyof Entry] === value) &&
          (!from || entry.timeMs + 1 >= Date.parse(from)) &&
          (!to || entry.timeMs + 1 < Date.parse(to)) &&
          (has(entry.event_id) || has(entry.url) || has(entry.last_error) || has(readable(entry.payload))),
      )
      .map(({ id }) => id)
      .toSorted()
      .toReversed();
  }

  function readable(payload: string): string {
    const values = Object.values(
      JSON.parse(
        payload.slice(0, payload.indexOf(',"long"')) +
          (payload.includes(',"long"') ? '}' : payload.slice(-1)),
      ) as object,
    );
    return values.join(' ');
  }

  const TEXTS = [
    'ORD-10123',
    'ord-1012',
    'anna',
    'BERT',
    'absent text',
    'zzzqqq',
    'evt_12',
    'evt_1__',
    '50%_',
    '%%%',
    '___',
    String.raw`C:\temp`,
    'Zoë "Z"',
    'Ångström',
    'ÄRGER',
    '😀😃',
    '東京タワー',
    'example',
    'alpha.EXAMPLE',
    '100%/',
    'answered 500',
    'was deleted',
    'no answer',
    "'; DROP TABLE events; --",
    '$1',
    '")',
    noise(123, 40),
    'created',
  ];
  const from = new Date(NOON + 200 * STEP_MS).toISOString();
  const to = new Date(NOON + 500 * STEP_MS).toISOString();
  const FILTERS: Filter[] = [
    {},
    ...deliveryStatuses.map((status) => ({ status })),
    { destination_id: DESTINATIONS[1]!.id },
    { event_type: 'order.paid' },
    { event_id: 'evt_12' },
    { from },
    { from, to },
    { destination_id: DESTINATIONS[0]!.id, event_type: 'order.created', status: 'success', from, to },
    { event_type: 'order.paid', status: 'failed', to },
  ];

  async function expectFound(q: string, filter: Filter): Promise<void> {
    const found = { q, filter, ids: await readAll({ ...filter, q }) };
    expect(found).toEqual({ q, filter, ids: expected({ ...filter, q }) });
  }

  it('finds everything while nothing is in a block yet', async () => {
    for (const q of TEXTS) await expectFound(q, {});
  }, 60_000);

  it('finds everything with every filter once most of it is in blocks', async () => {
    expect(await keeper.apply(END)).toBeGreaterThan(10);
    const [{ covered }] = await dataSource.query('SELECT sum(events)::integer AS covered FROM search_blocks');
    expect(covered).toBeGreaterThan(EVENTS / 2);
    for (const [index, q] of TEXTS.entries()) {
      await expectFound(q, {});
      await expectFound(q, FILTERS[index % FILTERS.length]!);
    }
    for (const filter of FILTERS) await expectFound('anna', filter);
    expect(expected({ q: 'anna', event_id: 'evt_12' })).toHaveLength(1);
  }, 120_000);

  it('has only what a filter does not rule out read', async () => {
    const { uncovered, ranges, lookedAfter } = await new TextSearch(dataSource).find(
      ACCOUNT,
      'nowhere to be found',
      {
        after: null,
        before: null,
      },
    );
    expect(lookedAfter).toBeNull();
    expect(ranges).toEqual([]);
    // What is in no block yet: the rest that would not fill one.
    expect(entries.filter(({ event }) => event > uncovered!).length).toBeLessThan(EVENTS / 4);
  });

  it('finds what was committed late, with an id among those of a block', async () => {
    const late = { ...entryOf(301), payload: '{"note":"better late than never"}' };
    entries.push(late);
    await store([late]);
    const client = await pool.connect();
    // As a process does that starts after another one ended before it had looked once more.
    const blocks = await findMadeSince(client, '00000000-0000-0000-0000-000000000000');
    const later = await findMadeSince(client, late.event);
    expect(later.length).toBeLessThan(blocks.length);
    expect(later.every(({ id }) => id > late.event)).toBe(true);
    const earlier = blocks.filter(({ id }) => id < late.event);
    expect(await completeBlocks(client, earlier)).toBe(0);
    expect(await completeBlocks(client, blocks)).toBe(1);
    client.release();
    await expectFound('LATE than', {});
  });

  it('reads on where one call would have to read too much', async () => {
    const many = Array.from({ length: 1500 }, (_, n) => entryOf(EVENTS * 2 + n)).filter(
      ({ account_id: id }) => id === ACCOUNT,
    );
    entries.push(...many);
    await store(many);
    const first = await logs.list(ACCOUNT, { q: 'ORD-10003', limit: 20 });
    expect(first.data).toEqual([]);
    expect(first.page.next).not.toBeNull();
    await expectFound('ORD-10003', {});
    await expectFound('ORD-10003', { status: 'failed' });
  }, 60_000);
});
