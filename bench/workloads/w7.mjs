// W7: a backlog. Events are accepted while no worker runs; then one starts and drains them.
import { LOOP_WARM_UP, rawLoop } from '../lib/ceilings.mjs';
import { median } from '../lib/stats.mjs';
import { atMost, row } from '../lib/rows.mjs';
import { SHAPES } from '../lib/targets.mjs';

export const id = 'W7';
export const about = 'drain a backlog';

const APART = SHAPES[1];
const MEBIBYTE = 1024 * 1024;

export async function run(bench) {
  const count = bench.full ? 100_000 : 40_000;
  const loop = async () => bench.record(id, 'C3 raw undici loop', await rawLoop(bench, { count })).seconds;
  const before = await loop();
  const first = await drain(bench, count);
  const ratio = first.seconds / median([before, await loop()]);
  const rows = [
    row(id, `drain ${count.toLocaleString('en')}, of C3 before and after`, ratio, atMost(2.5), '×'),
    row(id, `drain ${count.toLocaleString('en')}`, count / first.seconds, null, 'per s'),
    ...memoryRows(first),
  ];
  if (!bench.full) return rows;
  const million = await drain(bench, 1_000_000);
  return [
    ...rows,
    row(id, 'drain 1,000,000, of that of 100,000', million.seconds / first.seconds, atMost(11), '×'),
    ...memoryRows(million, ' (1,000,000)'),
  ];
}

/** Node collects rarely and late, so what a process has says little of what it needs. */
function memoryRows({ grown, peakGrown }, which = '') {
  return [
    row(id, `memory in use beyond that of its first fifth${which}`, grown, atMost(20), 'MB'),
    row(id, `the same with what is not collected yet${which}`, peakGrown, null, 'MB'),
  ];
}

function drain(bench, count) {
  const accounts = [[{ url: bench.destination('ok', 0) }]];
  return bench.withProduct({ accounts, shape: APART, worker: false }, async (target) => {
    // As in C3, what is measured has made some deliveries already.
    await bench.load(target, { connections: 128, count: count + LOOP_WARM_UP });
    bench.progress(`${count.toLocaleString('en')} accepted, starting the worker`);
    await bench.receiver.ask('reset');
    const worker = await target.startWorker();
    const peaks = [];
    const inUse = [];
    for (let tenth = 1; tenth <= 10; tenth++) {
      await bench.arrived(LOOP_WARM_UP + (count * tenth) / 10);
      peaks.push((await worker.ask('memory')) / MEBIBYTE);
      if (tenth === 2 || tenth === 10) inUse.push((await worker.ask('live')) / MEBIBYTE);
    }
    const { at } = await bench.receiver.ask('report');
    const arrivals = Float64Array.from(at).sort();
    const seconds = (arrivals.at(-1) - arrivals[LOOP_WARM_UP]) / 1000;
    bench.progress(`drained in ${seconds.toFixed(1)} s`);
    const peakGrown = Math.max(...peaks) - Math.max(...peaks.slice(0, 2));
    const grown = inUse[1] - inUse[0];
    return bench.record(id, `drain ${count}`, { count, seconds, grown, inUse, peakGrown, peaks });
  });
}
