// W1r: the same events at steady rates. How long accepting takes, and how long until the destination has it.
import { openLoop } from '../lib/open-loop.mjs';
import { atMost, row } from '../lib/rows.mjs';

export const id = 'W1r';
export const about = 'open loop at 50, 200 and 1,000 events per second';

const RATES = [50, 200, 1000];

export async function run(bench) {
  const seconds = bench.full ? 20 : 4;
  const accounts = [[{ url: bench.destination('ok', 0) }]];
  const results = await bench.withProduct({ accounts }, async (target) => {
    await bench.warmUp(target);
    const all = [];
    for (const rate of RATES) all.push(await measure(bench, target, rate, seconds));
    return all;
  });
  return results.flatMap(({ rate, acceptP95, receiptP95, receiptP99 }) => [
    row(id, `accept p95 at ${rate} per s`, acceptP95, rate === 200 ? atMost(8) : null, 'ms'),
    row(id, `receipt p95 at ${rate} per s`, receiptP95, atMost(25), 'ms'),
    row(id, `receipt p99 at ${rate} per s`, receiptP99, atMost(60), 'ms'),
  ]);
}

async function measure(bench, target, rate, seconds) {
  const { numbers } = await openLoop(bench, target, { rate, seconds, expected: ({ accepted }) => accepted });
  bench.progress(`at ${rate}: receipt p95 ${numbers.receiptP95.toFixed(1)} ms`);
  return bench.record(id, `at ${rate}`, numbers);
}
