// W9: nothing happens. What a product with a thousand accounts costs while it waits, beside a bare process that wakes.
import { setTimeout as sleep } from 'node:timers/promises';
import { Process } from '../lib/processes.mjs';
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
    const env = { BENCH_DATABASE: JSON.stringify(bench.postgres.connection(target.database)) };
    const [bare] = await Process.start('bench/contenders/idle.mjs', { env });
    await sleep(CALM_MS);
    const before = await usages(bench, target, bare);
    await sleep(seconds * 1000);
    const after = await usages(bench, target, bare);
    await bare.stop();
    const cpu = (name, who, bar) => {
      const used = (after.cpuMicros[name] - before.cpuMicros[name]) / 1e6;
      return row(id, `CPU of ${who} per hour`, (used * 3600) / seconds, bar, 's');
    };
    const transactions = (after.transactions - before.transactions) / seconds;
    bench.record(id, 'idle', { seconds, before, after });
    return [
      ...Object.keys(target.processes).map((name) => cpu(name, `the ${name}`, atMost(20))),
      cpu('bare', 'a bare process that asks PostgreSQL once a second', null),
      row(id, 'transactions per second', transactions, atMost(2)),
    ];
  });
}

async function usages(bench, target, bare) {
  const [sample, usage] = await Promise.all([bench.sample(target), bare.ask('usage')]);
  return { ...sample, cpuMicros: { ...sample.cpuMicros, bare: usage.cpuMicros } };
}
