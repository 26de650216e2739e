// W5: a fifth of the destinations answer 500. What that takes from the throughput of all.
import { atLeast, row } from '../lib/rows.mjs';
import { saturate } from '../lib/saturate.mjs';
import { median } from '../lib/stats.mjs';
import { FANOUT, tenants, wakeAll } from '../lib/tenants.mjs';

export const id = 'W5';
export const about = 'the same with 20 % of the destinations failing';

const KINDS = ['ok', 'status-500'];

export async function run(bench) {
  const failing = (place) => (place < 20 ? 'status-500' : 'ok');
  const ratios = [];
  for (let round = 0; round < (bench.full ? 5 : 1); round++) {
    const healthy = await measure(bench, 'all healthy', tenants(bench));
    ratios.push((await measure(bench, '20 % failing', tenants(bench, failing))) / healthy);
  }
  return [row(id, 'accepted and attempted, of W4', median(ratios), atLeast(0.8), '×')];
}

/** Never both at once: the retries of the one would take from the other. */
function measure(bench, name, accounts) {
  return bench.withProduct({ accounts }, async (target) => {
    await wakeAll(bench, target, KINDS);
    const load = { seconds: bench.full ? 6 : 3, fanout: FANOUT, kinds: KINDS };
    const numbers = bench.record(id, name, await saturate(bench, target, load));
    bench.progress(`${name}: ${Math.round(numbers.delivered * FANOUT)} deliveries per second`);
    return numbers.delivered;
  });
}
