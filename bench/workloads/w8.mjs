// W8: a log of many deliveries. Whether lists, filters and accepting stay as fast as with a small one.
import { dropDay } from '../lib/drop-day.mjs';
import { LogReader } from '../lib/log-reader.mjs';
import { atLeast, atMost, row } from '../lib/rows.mjs';
import { ACCOUNTS, DESTINATIONS, RARE_DESTINATION, seedLog, TYPES } from '../lib/seed-log.mjs';
import { CONNECTIONS } from '../lib/saturate.mjs';
import { makeAllBlocks } from '../lib/search-blocks.mjs';
import { median } from '../lib/stats.mjs';

export const id = 'W8';
export const about = 'a log of many deliveries';

const DAY_MS = 86_400_000;
/** That of src/search/search-keeper.ts. */
const SEARCH_KEEPER_LOCK = 0x44505342;
/** Below this, a ratio of times tells of the clock and not of the log. */
const LEAST_MS = 1;

export async function run(bench) {
  const sizes = bench.full ? [100_000, 1_000_000, 10_000_000] : [100_000, 300_000];
  const accounts = Array.from({ length: ACCOUNTS }, (_, account) =>
    Array.from({ length: DESTINATIONS }, (__, index) => ({
      url: bench.destination('ok', account * DESTINATIONS + index),
    })),
  );
  // The last one has no past; it is the one that sends.
  accounts.push([{ url: bench.destination('ok', 0), maxInFlight: 256 }]);
  return bench.withProduct({ accounts }, async (small) => {
    await fill(bench, small, sizes[0]);
    const base = await readAll(bench, small, sizes[0]);
    const rows = [];
    for (const size of sizes.slice(1))
      await bench.withProduct({ accounts }, async (large) => {
        await fill(bench, large, size);
        rows.push(...compare(base, await readAll(bench, large, size), size));
        const name = size.toLocaleString('en');
        rows.push(
          row(id, `accepts with ${name}`, await compareAccepts(bench, small, large), atLeast(0.95), '×'),
        );
        const { waitMs, goneMs } = await dropDay(bench.postgres, large.database);
        rows.push(
          row(id, `dropping a day of ${name}: what an insert waits at the most`, waitMs, atMost(100), 'ms'),
          row(id, `until its files are gone (${name})`, goneMs, null, 'ms'),
        );
      });
    return rows;
  });
}

async function fill(bench, target, size) {
  bench.progress(`writing a log of ${size.toLocaleString('en')} deliveries`);
  const accounts = target.accounts.slice(0, ACCOUNTS);
  await bench.postgres.with(target.database, async (client) => {
    // The product would make the blocks, in its own time, while the lists are read.
    await client.query('SELECT pg_advisory_lock($1)', [SEARCH_KEEPER_LOCK]);
    await seedLog(client, accounts, size);
    await makeAllBlocks(client, accounts);
    await client.query('VACUUM (ANALYZE) search_blocks');
  });
  await bench.postgres.checkpoint();
}

/** Every list and filter, by what is asked for. */
function pathsOf({ id: account, destinations }) {
  const day = (ago) => new Date(Date.now() - ago * DAY_MS).toISOString();
  const filters = {
    all: '',
    'of a week ago': `to=${day(7)}`,
    'of one day': `from=${day(6)}&to=${day(5)}`,
    'of one minute': `from=${day(5)}&to=${new Date(Date.now() - 5 * DAY_MS + 60_000).toISOString()}`,
    ...Object.fromEntries(
      ['success', 'failed', 'cancelled', 'retrying', 'held', 'pending'].map((status) => [
        status,
        `status=${status}`,
      ]),
    ),
    'a destination': `destination_id=${destinations[0].id}`,
    'a destination that gets little': `destination_id=${destinations[RARE_DESTINATION].id}`,
    'failed of a destination': `destination_id=${destinations[1].id}&status=failed`,
    'pending of a destination': `destination_id=${destinations[1].id}&status=pending`,
    'an event': 'event_id=log-50000',
    'an event that never was': 'event_id=never',
    'a usual type': `event_type=${TYPES.usual}`,
    'a rare type': `event_type=${TYPES.rare}`,
    'a type that never was': `event_type=${TYPES.none}`,
    'failed of a rare type': `event_type=${TYPES.rare}&status=failed`,
    'a text': 'q=log-50000',
  };
  const log = `/api/accounts/${account}/logs`;
  return {
    ...Object.fromEntries(
      Object.entries(filters).map(([name, query]) => [`log: ${name}`, `${log}?${query}`]),
    ),
    'an event with its attempts': `${log}/log-50000`,
    'log of all accounts': '/api/logs',
    'log of all accounts: failed': '/api/logs?status=failed',
    'received events': `/api/accounts/${account}/incoming-data`,
  };
}

/** Times by what was asked for. */
async function readAll(bench, target, size) {
  const reader = await LogReader.open(bench, target);
  const times = {};
  for (const [name, path] of Object.entries(pathsOf(target.accounts[0]))) {
    const time = await reader.time(path);
    if (time) times[name] = bench.record(id, `${name}, of ${size}`, time).database;
  }
  const [slowest, ms] = Object.entries(times).sort(([, a], [, b]) => b - a)[0];
  bench.progress(
    `${Object.keys(times).length} lists and filters, the slowest is "${slowest}" with ${ms.toFixed(1)} ms`,
  );
  return times;
}

function compare(base, times, size) {
  const names = Object.keys(times);
  const ratio = (name) => Math.max(times[name], LEAST_MS) / Math.max(base[name], LEAST_MS);
  const slowest = names.reduce((a, b) => (times[b] > times[a] ? b : a));
  const grown = names.reduce((a, b) => (ratio(b) > ratio(a) ? b : a));
  const count = size.toLocaleString('en');
  return [
    row(id, `slowest of ${names.length} at ${count} (${slowest})`, times[slowest], atMost(10), 'ms'),
    row(id, `lists and filters over 10 ms at ${count}`, names.filter((name) => times[name] > 10).length),
    row(id, `most of its time at 100,000 (${grown})`, ratio(grown), atMost(1.5), '×'),
  ];
}

/**
 * Both are as warm first: a process that has just started takes half as much again for an event as it does ten seconds of
 * load later. Then short rounds and many of them, every other one in reverse: what disturbs for a moment disturbs one.
 */
async function compareAccepts(bench, small, large) {
  const [rounds, seconds, warmUpSeconds] = bench.full ? [30, 1.2, 10] : [4, 0.9, 1];
  const ratios = [];
  for (const target of [small, large]) await accept(bench, target, warmUpSeconds);
  for (let round = 0; round < rounds; round++) {
    const rates = new Map();
    for (const target of round % 2 ? [large, small] : [small, large])
      rates.set(target, await accept(bench, target, seconds));
    ratios.push(rates.get(large) / rates.get(small));
  }
  bench.record(id, 'accepts', { ratios });
  return median(ratios);
}

async function accept(bench, target, seconds) {
  await bench.receiver.ask('reset');
  const tokens = [target.tokens[ACCOUNTS]];
  const { accepted, seconds: took } = await bench.load(target, { connections: CONNECTIONS, seconds, tokens });
  await bench.arrived(accepted);
  return accepted / took;
}
