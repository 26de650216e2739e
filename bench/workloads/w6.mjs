// W6: 5 % of the destinations take 5 s to answer and 1 % never do. What the healthy ones feel of it.
import { openLoop } from '../lib/open-loop.mjs';
import { atMost, row } from '../lib/rows.mjs';
import { placeOf, RATE, tenants, wakeAll } from '../lib/tenants.mjs';

export const id = 'W6';
export const about = 'the same with 5 % of the destinations slow and 1 % hanging';

const KINDS = ['ok', 'after-5000', 'hang'];
const kindOf = (place) => (place < 1 ? 'hang' : place < 6 ? 'after-5000' : 'ok');
const isHealthy = ({ destination }) => kindOf(placeOf(destination)) === 'ok';

export async function run(bench) {
  // Longer than an attempt may take, so that the hanging ones take all they can.
  const seconds = bench.full ? 60 : 17;
  const calm = await measure(bench, seconds / 3, 'all healthy', tenants(bench));
  const troubled = await measure(bench, seconds, '5 % slow, 1 % hanging', tenants(bench, kindOf));
  return [
    row(id, 'receipt p99 of the healthy', troubled, null, 'ms'),
    row(id, 'the same, of W4', troubled / calm, atMost(1.5), '×'),
  ];
}

/** @returns the 99th percentile of destinations that are healthy in both. */
function measure(bench, seconds, name, accounts) {
  return bench.withProduct({ accounts, stopWithinMs: 1000 }, async (target) => {
    await wakeAll(bench, target, KINDS);
    const expected = ({ accountOf }) =>
      accountOf.reduce((sum, account) => sum + healthyOf(account, target), 0);
    const load = { rate: RATE, seconds, expected, counts: isHealthy };
    const { numbers } = await openLoop(bench, target, load);
    bench.record(id, name, numbers);
    bench.progress(`${name}: receipt p99 ${numbers.receiptP99.toFixed(1)} ms`);
    return numbers.receiptP99;
  });
}

/** How many destinations of an account answer at once, as they are set up at this target. */
function healthyOf(account, { accounts }) {
  return accounts[account].destinations.filter(({ url }) => url.includes('/ok/')).length;
}
