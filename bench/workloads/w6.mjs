// W6: 5 % of the destinations take 5 s to answer and 1 % never do. What the healthy ones feel of it.
import { openLoop } from '../lib/open-loop.mjs';
import { atMost, row } from '../lib/rows.mjs';
import { percentile } from '../lib/stats.mjs';
import { placeOf, RATE, tenants, wakeAll } from '../lib/tenants.mjs';

export const id = 'W6';
export const about = 'the same with 5 % of the destinations slow and 1 % hanging';

const KINDS = ['ok', 'after-5000', 'hang'];
const kindOf = (place) => (place < 1 ? 'hang' : place < 6 ? 'after-5000' : 'ok');
const isHealthy = ({ destination }) => kindOf(placeOf(destination)) === 'ok';

export async function run(bench) {
  // Longer than an attempt may take, so that the hanging ones take all they can.
  const seconds = bench.full ? 60 : 17;
  const calm = [];
  const healthy = await bench.withProduct({ accounts: tenants(bench) }, (even) =>
    bench.withProduct({ accounts: tenants(bench, kindOf) }, async (troubled) => {
      for (const target of [even, troubled]) await wakeAll(bench, target, KINDS);
      calm.push(...(await measure(bench, even, seconds / 4, 'all healthy')));
      const receipts = await measure(bench, troubled, seconds, '5 % slow, 1 % hanging');
      calm.push(...(await measure(bench, even, seconds / 4, 'all healthy')));
      return receipts;
    }),
  );
  const [p99, calmP99] = [healthy, calm].map((receipts) =>
    percentile(
      receipts.map(({ latency }) => latency),
      0.99,
    ),
  );
  return [
    row(id, 'receipt p99 of the healthy', p99, null, 'ms'),
    row(id, 'the same, of W4', p99 / calmP99, atMost(1.5), '×'),
  ];
}

/** @returns the receipts of destinations that are healthy in both. */
async function measure(bench, target, seconds, name) {
  const expected = ({ accountOf }) => accountOf.reduce((sum, account) => sum + healthyOf(account, target), 0);
  const load = { rate: RATE, seconds, expected, counts: isHealthy };
  const { numbers, receipts } = await openLoop(bench, target, load);
  bench.record(id, name, numbers);
  bench.progress(`${name}: receipt p99 ${numbers.receiptP99.toFixed(1)} ms`);
  return receipts;
}

/** How many destinations of an account answer at once, as they are set up at this target. */
function healthyOf(account, { accounts }) {
  return accounts[account].destinations.filter(({ url }) => url.includes('/ok/')).length;
}
