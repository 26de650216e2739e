// W9: nothing happens. What a product with a thousand accounts costs while it waits.
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, row } from '../lib/rows.mjs';
import { SHAPES } from '../lib/targets.mjs';
import { tenants, wakeAll } from '../lib/tenants.mjs';

export const id = 'W9';
export const about = 'idle with 1,000 accounts of 3 destinations';

/** Until connections that nobody uses are closed and destinations that had something are forgotten. */
const CALM_MS = 15_000;

export async function run(bench) {
  const seconds = bench.full ? 60 : 12;
  return bench.withProduct({ accounts: tenants(bench), shape: SHAPES[1] }, async (target) => {
    await wakeAll(bench, target);
    await sleep(CALM_MS);
    const before = await bench.sample(target);
    await sleep(seconds * 1000);
    const after = await bench.sample(target);
    const rows = Object.keys(target.processes).map((name) => {
      const used = (after.cpuMicros[name] - before.cpuMicros[name]) / 1e6;
      return row(id, `CPU of the ${name} per hour`, (used * 3600) / seconds, atMost(20), 's');
    });
    const transactions = (after.transactions - before.transactions) / seconds;
    bench.record(id, 'idle', { seconds, before, after });
    return [...rows, row(id, 'transactions per second', transactions, atMost(2))];
  });
}
