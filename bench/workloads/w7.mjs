// W7: a backlog. Events are accepted while no worker runs; then one starts and drains them.
import { percentile } from '../lib/stats.mjs';
import { atMost, row } from '../lib/rows.mjs';
import { SHAPES } from '../lib/targets.mjs';
import { rawLoop } from './w1.mjs';

export const id = 'W7';
export const about = 'drain a backlog';

const APART = SHAPES[1];
const MEBIBYTE = 1024 * 1024;
const SAMPLE_MS = 100;

export async function run(bench) {
  const count = bench.full ? 100_000 : 20_000;
  const loop = bench.record(id, 'C3 raw undici loop', await rawLoop(bench, { count }));
  const first = await drain(bench, count);
  const rows = [
    row(id, `drain ${count.toLocaleString('en')}, of C3`, first.seconds / loop.seconds, atMost(2.5), '×'),
    row(id, `drain ${count.toLocaleString('en')}`, count / first.seconds, null, 'per s'),
    row(id, 'memory beyond that of its first tenth', first.growth / MEBIBYTE, atMost(20), 'MB'),
  ];
  if (!bench.full) return rows;
  const million = await drain(bench, 1_000_000);
  return [
    ...rows,
    row(id, 'drain 1,000,000, of that of 100,000', million.seconds / first.seconds, atMost(11), '×'),
    row(id, 'memory beyond that of its first tenth (1,000,000)', million.growth / MEBIBYTE, atMost(20), 'MB'),
  ];
}

function drain(bench, count) {
  const accounts = [[{ url: bench.destination('ok', 0) }]];
  return bench.withProduct({ accounts, shape: APART, worker: false }, async (target) => {
    await bench.load(target, { connections: 128, count });
    bench.progress(`${count.toLocaleString('en')} accepted, starting the worker`);
    await bench.receiver.ask('reset');
    const worker = await target.startWorker();
    const early = watchMemory(worker);
    await bench.arrived(count / 10);
    const usual = await early.stop();
    const late = watchMemory(worker);
    await bench.arrived(count);
    const peak = await late.stop();
    const { at } = await bench.receiver.ask('report');
    const seconds = (percentile(at, 1) - percentile(at, 0)) / 1000;
    bench.progress(`drained in ${seconds.toFixed(1)} s`);
    return bench.record(id, `drain ${count}`, {
      count,
      seconds,
      usual,
      peak,
      growth: Math.max(0, peak - usual),
    });
  });
}

/** The most memory a process had between now and `stop`. */
function watchMemory(worker) {
  let peak = 0;
  let asked = Promise.resolve();
  const ask = () => (asked = worker.ask('memory').then((bytes) => (peak = Math.max(peak, bytes))));
  const timer = setInterval(ask, SAMPLE_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await asked;
      await ask();
      return peak;
    },
  };
}
