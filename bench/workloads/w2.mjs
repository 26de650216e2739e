// W2: orders of 6 KB at 1,000 per second, the workload that Outpost publishes.
import { order } from '../lib/bodies.mjs';
import { openLoop } from '../lib/open-loop.mjs';
import { atMost, row } from '../lib/rows.mjs';

export const id = 'W2';
export const about = '6 KB orders at 1,000 per second';

export async function run(bench) {
  const accounts = [[{ url: bench.destination('ok', 0) }]];
  const result = await bench.withProduct({ accounts }, async (target) => {
    await bench.warmUp(target, { seconds: 1 });
    const load = { rate: 1000, seconds: bench.full ? 60 : 6, body: order() };
    const { numbers } = await openLoop(bench, target, { ...load, expected: ({ accepted }) => accepted });
    return bench.record(id, 'product', numbers);
  });
  return [
    row(id, 'accept p95 at 1,000 per s', result.acceptP95, atMost(50), 'ms'),
    row(id, 'receipt p95 at 1,000 per s', result.receiptP95, atMost(100), 'ms'),
  ];
}
