// W5: a fifth of the destinations answer 500. What that takes from the throughput of all.
import { atLeast, row } from '../lib/rows.mjs';
import { saturate } from '../lib/saturate.mjs';
import { median } from '../lib/stats.mjs';
import { FANOUT, tenants, wakeAll } from '../lib/tenants.mjs';

export const id = 'W5';
export const about = 'the same with 20 % of the destinations failing';

const KINDS = ['ok', 'status-500'];

export async function run(bench) {
  const rounds = bench.full ? 5 : 2;
  const failing = tenants(bench, (place) => (place < 20 ? 'status-500' : 'ok'));
  const ratios = [];
  await bench.withProduct({ accounts: tenants(bench) }, (healthy) =>
    bench.withProduct({ accounts: failing }, async (troubled) => {
      for (const target of [healthy, troubled]) await wakeAll(bench, target, KINDS);
      for (let round = 0; round < rounds; round++) {
        const all = await measure(bench, healthy, 'all healthy');
        ratios.push((await measure(bench, troubled, '20 % failing')) / all);
      }
    }),
  );
  return [row(id, 'accepted and attempted, of W4', median(ratios), atLeast(0.8), '×')];
}

async function measure(bench, target, name) {
  const load = { seconds: bench.full ? 5 : 2, fanout: FANOUT, kinds: KINDS };
  const numbers = bench.record(id, name, await saturate(bench, target, load));
  bench.progress(`${name}: ${Math.round(numbers.delivered * FANOUT)} deliveries per second`);
  return numbers.delivered;
}
