// node bench/search.mjs [deliveries]: a million deliveries of 30 accounts, and how long every list, filter and search
// of theirs takes at the database. Best of fifteen; planning and execution of all statements of a call together.
import { prepare } from '../scripts/prepare.mjs';

await prepare({ build: true });
const { v7: uuidv7 } = await import('uuid');
const { DataSource } = await import('typeorm');
const { BenchPostgres } = await import('./lib/postgres.mjs');
const { ACCOUNTS, DAYS, FAILING, seedSearch } = await import('./lib/seed-search.mjs');
const { openLists } = await import('./lib/lists.mjs');
const { acceptBesideKeeper } = await import('./lib/accepts-beside-keeper.mjs');
const { makeAllBlocks } = await import('./lib/search-blocks.mjs');
const partitions = await import('../dist/src/database/partitions.js');

const TEXTS = {
  'in every event': 'currency',
  'in a seventh': '"quantity":6',
  'in one of a thousand': 'platinum',
  'in one event': `ORD-${1_000_000 + ACCOUNTS * 5000}`,
  'an event id': `log-${ACCOUNTS * 4000}`,
  nowhere: 'nowhere to be found',
  'nowhere, a number': '88442211',
  'nowhere, three letters': 'qxq',
  'in other accounts alone': 'tenant-7-only',
  'in one of three errors': 'answered 500',
  'in a URL': 'hook-3',
  'in every URL': 'receiver',
};

const deliveries = Number(process.argv[2] ?? 1_000_000);
const log = (text) => console.log(`${Math.round(performance.now() / 1000)} s`.padStart(6), text);
const day = (ago) => new Date(Date.now() - ago * partitions.DAY_MS).toISOString();

const postgres = await BenchPostgres.start();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => void postgres.stop().finally(() => process.exit(130)));
try {
  const database = await postgres.createDatabase({ migrated: true });
  await postgres.with(database, async (client) => {
    log(`writing ${deliveries.toLocaleString('en')} deliveries of ${ACCOUNTS} accounts over ${DAYS} days`);
    const { accounts, members } = await seedSearch(client, deliveries, { ...partitions, uuidv7 });
    log('making their search blocks');
    const made = await makeAllBlocks(client, accounts);
    log(
      `${made.blocks} blocks; per event ${made.processMicros.toFixed(0)} µs of the process, ` +
        `${made.databaseMicros.toFixed(0)} µs of PostgreSQL, ${made.bytesPerEvent.toFixed(0)} bytes`,
    );
    await client.query('VACUUM (ANALYZE) search_blocks');
    await measure(client, postgres.connection(database), accounts, members);
    log('accepting alone and beside the keeper');
    const { alone, beside, ratio } = await acceptBesideKeeper(postgres.connection(database), accounts[3], {
      uuidv7,
      log,
    });
    log(`${alone.toFixed(0)} and ${beside.toFixed(0)} events per second, ${ratio.toFixed(2)} of those alone`);
  });
} finally {
  await postgres.stop();
}

async function measure(client, connection, accounts, { busy, quiet }) {
  const lists = await openLists(DataSource, connection);
  const [usual, failing, many] = accounts;
  const ofLog =
    (query, { id } = usual) =>
    () =>
      lists.logs(id, query);
  const rows = {
    'log: all': ofLog({}),
    ...Object.fromEntries(
      ['success', 'failed', 'cancelled', 'retrying'].map((status) => [`log: ${status}`, ofLog({ status })]),
    ),
    'log: a destination': ofLog({ destination_id: usual.destinations[1] }),
    'log: a destination, success, a type': ofLog({
      destination_id: usual.destinations[1],
      status: 'success',
      event_type: 'order.created',
    }),
    'log: success and a type of one that always failed': ofLog(
      {
        destination_id: failing.destinations[FAILING.destination],
        status: 'success',
        event_type: 'user.update',
      },
      failing,
    ),
    'log: a usual type': ofLog({ event_type: 'order.created' }),
    'log: a rare type': ofLog({ event_type: 'user.merged' }),
    'log: a type that never was': ofLog({ event_type: 'user.teleported' }),
    'log: an event': ofLog({ event_id: `log-${ACCOUNTS * 100}` }),
    'log: one day': ofLog({ from: day(4), to: day(3) }),
    'log: one day, failed, a type': ofLog({
      from: day(4),
      to: day(3),
      status: 'failed',
      event_type: 'order.created',
    }),
    ...Object.fromEntries(Object.entries(TEXTS).map(([name, q]) => [`search: ${name}`, ofLog({ q })])),
    'search: everywhere, failed, a type': ofLog({
      q: TEXTS['in every event'],
      status: 'failed',
      event_type: 'order.created',
    }),
    'search: everywhere, one day of a destination': ofLog({
      q: TEXTS['in every event'],
      from: day(4),
      to: day(3),
      destination_id: usual.destinations[1],
    }),
    'search: one in a thousand, one day': ofLog({
      q: TEXTS['in one of a thousand'],
      from: day(4),
      to: day(3),
    }),
    'search: nowhere, success': ofLog({ q: TEXTS.nowhere, status: 'success' }),
    'search: nowhere, where all of a destination failed': ofLog({ q: TEXTS.nowhere }, failing),
    ...across(lists, accounts, 'of all accounts'),
    ...across(lists, accounts, 'of 500 with half of the log', busy),
    ...across(lists, accounts, 'of 500 with 1 % of it', quiet),
    'accounts: all': () => lists.all.accounts({}),
    'accounts: text in one of 20,000': () => lists.all.accounts({ q: 'zebra' }),
    'accounts: text in all': () => lists.all.accounts({ q: 'example' }),
    'accounts: text in none': () => lists.all.accounts({ q: 'nowhere to be found' }),
    'accounts: created on a day long ago': () =>
      lists.all.accounts({ created_from: day(700), created_to: day(699) }),
    'destinations: all of 5,000': () => lists.destinations(many.id, {}),
    'destinations: text in one': () => lists.destinations(many.id, { q: 'zebra' }),
    'destinations: text in all': () => lists.destinations(many.id, { q: 'example' }),
    'destinations: text in none': () => lists.destinations(many.id, { q: 'nowhere to be found' }),
    'destinations: a rare state': () => lists.destinations(many.id, { state: 'paused' }),
    'destinations: a rare method, created on a day': () =>
      lists.destinations(many.id, { http_method: 'PUT', created_from: day(60), created_to: day(10) }),
    'members: all of 5,000': () => lists.members(usual.id, {}),
    'members: text in one': () => lists.members(usual.id, { q: 'c4ca4238a0b9' }),
    'members: text in none': () => lists.members(usual.id, { q: 'nowhere to be found' }),
    'members: a rare role': () => lists.members(usual.id, { role_name: 'Admin' }),
  };
  const table = {};
  for (const [name, call] of Object.entries(rows)) table[name] = await lists.time(client, call);
  await lists.close();
  console.table(table);
  const slow = Object.values(table).filter(({ ms }) => ms > 10).length;
  console.log(`${Object.keys(table).length - slow} of ${Object.keys(table).length} within 10 ms`);
}

/** Lists across accounts as an Admin or a member of many sees them. */
function across({ all }, [usual], name, caller) {
  const logs = {
    all: {},
    success: { status: 'success' },
    failed: { status: 'failed' },
    cancelled: { status: 'cancelled' },
    retrying: { status: 'retrying' },
    'a destination': { destination_id: usual.destinations[1] },
    'a destination, a rare type': { destination_id: usual.destinations[1], event_type: 'user.merged' },
    'a usual type': { event_type: 'order.created' },
    'a seldom type': { event_type: 'user.closed' },
    'a rare type': { event_type: 'user.merged' },
    'a type of last week': { event_type: 'order.imported' },
    'a type that never was': { event_type: 'user.teleported' },
    'failed, a usual type': { status: 'failed', event_type: 'order.created' },
    'failed, a rare type': { status: 'failed', event_type: 'user.merged' },
    'an event': { event_id: `log-${ACCOUNTS * 100}` },
    'one day': { from: day(4), to: day(3) },
    'one day, failed, a type': { from: day(4), to: day(3), status: 'failed', event_type: 'order.created' },
    'one day, a rare type': { from: day(4), to: day(3), event_type: 'user.merged' },
  };
  const texts = { all: {}, 'text in all': { q: 'example' }, 'text in none': { q: 'nowhere to be found' } };
  const others = {
    accounts: { ...texts, 'created on a day': { created_from: day(700), created_to: day(699) } },
    destinations: { ...texts, 'text in one': { q: 'zebra' }, 'a rare state': { state: 'paused' } },
    members: { ...texts, 'a rare role': { role_name: 'Admin' } },
  };
  return Object.fromEntries(
    Object.entries({ log: logs, ...others }).flatMap(([list, queries]) =>
      Object.entries(queries).map(([query, values]) => [
        `${list} ${name}: ${query}`,
        () => all[list === 'log' ? 'logs' : list](values, caller),
      ]),
    ),
  );
}
