// W4: a thousand accounts, few of which send most. Whether accounts are served alike, and from memory.
import { statementsBetween } from '../lib/costs.mjs';
import { accountP99s, openLoop } from '../lib/open-loop.mjs';
import { atLeast, atMost, row } from '../lib/rows.mjs';
import { median } from '../lib/stats.mjs';
import { FANOUT, RATE, tenants, wakeAll } from '../lib/tenants.mjs';

export const id = 'W4';
export const about = '1,000 accounts with 3 destinations each, Zipf';

const LEAST_RECEIPTS = 100;
/** Statements that read what a cache should have known: of a token, of destinations. */
const LOOKUP = /\bFROM\s+(account_tokens|accounts|destinations)\b/i;

export async function run(bench) {
  const seconds = bench.full ? 60 : 8;
  return bench.withProduct({ accounts: tenants(bench) }, async (target) => {
    await wakeAll(bench, target);
    const before = await bench.sample(target);
    const expected = ({ accepted }) => accepted * FANOUT;
    const { numbers, receipts } = await openLoop(bench, target, { rate: RATE, seconds, expected });
    const hits = hitRate(statementsBetween(before, await bench.sample(target)), numbers.events);
    const p99s = accountP99s(receipts, LEAST_RECEIPTS);
    const worst = Math.max(...p99s) / median(p99s);
    bench.record(id, 'product', { ...numbers, hits, worst, accountP99s: p99s });
    return [
      row(id, 'lookups answered from memory', hits * 100, atLeast(99), '%'),
      row(id, `worst account's p99, of the median one's`, worst, atMost(3), '×'),
      row(id, `receipt p99 at ${RATE} events per s`, numbers.receiptP99, null, 'ms'),
    ];
  });
}

/** An event looks up its token and its destinations, each delivery its destination. */
function hitRate(statements, events) {
  const isLookup = ([key]) => LOOKUP.test(key) && !/management|migrate/.test(key);
  const misses = [...statements].filter(isLookup).reduce((sum, [, count]) => sum + count, 0);
  return 1 - misses / (events * (2 + FANOUT));
}
