// W3: one event to 1, 3, 10 and 100 destinations. What each more costs in CPU, against a bare loop (C3).
import { rawLoop } from '../lib/ceilings.mjs';
import { cpuSeconds } from '../lib/costs.mjs';
import { atMost, row } from '../lib/rows.mjs';
import { median } from '../lib/stats.mjs';

export const id = 'W3';
export const about = 'fan-out 1, 3, 10 and 100';

const FANOUTS = [1, 3, 10, 100];
const CONNECTIONS = 16;
/** Deliveries. */
const WARM_UP = 3000;

export async function run(bench) {
  const deliveries = bench.full ? 30_000 : 12_000;
  const loop = async () =>
    bench.record(id, 'C3 raw undici loop', await rawLoop(bench, { seconds: 1.5 })).cpuPer1000 / 1000;
  const before = await loop();
  const accounts = FANOUTS.map((fanout) =>
    Array.from({ length: fanout }, (_, number) => ({ url: bench.destination('ok', number) })),
  );
  const costs = await bench.withProduct({ accounts }, async (target) => {
    const all = [];
    for (const [index, fanout] of FANOUTS.entries()) {
      // As in C3, what is measured is fast already and has its connections.
      await costOfEvent(bench, target, { index, fanout, count: Math.max(WARM_UP / fanout, 4 * CONNECTIONS) });
      all.push(await costOfEvent(bench, target, { index, fanout, count: deliveries / fanout }));
    }
    return all;
  });
  const perDelivery = median([before, await loop()]);
  return [
    row(id, 'CPU per delivery of C3', perDelivery * 1e6, null, 'µs'),
    ...FANOUTS.slice(1).map((fanout, index) => {
      const extra = (costs[index + 1] - costs[0]) / (fanout - 1);
      return row(id, `an extra destination of ${fanout}, of C3`, extra / perDelivery, atMost(2), '×');
    }),
  ];
}

/** @returns CPU-seconds of the product for one event and all its deliveries. */
async function costOfEvent(bench, target, { index, fanout, count }) {
  await bench.receiver.ask('reset');
  const before = await bench.sample(target);
  const tokens = [target.tokens[index]];
  const { accepted } = await bench.load(target, { connections: CONNECTIONS, count, tokens });
  await bench.arrived(accepted * fanout);
  await bench.settled();
  const cpu = cpuSeconds(before, await bench.sample(target)) / accepted;
  bench.record(id, `fan-out ${fanout}`, { fanout, events: accepted, cpuPerEvent: cpu });
  bench.progress(`fan-out ${fanout}: ${((cpu / fanout) * 1e6).toFixed(0)} µs of CPU per delivery`);
  return cpu;
}
