// W14: every third event repeats an id, at the same time as the first. Each is accepted once, at nearly full speed.
import { atLeast, row } from '../lib/rows.mjs';
import { CONNECTIONS } from '../lib/saturate.mjs';
import { median } from '../lib/stats.mjs';

export const id = 'W14';
export const about = '30 % repeated ids, concurrent';

export async function run(bench) {
  const rounds = bench.full ? 5 : 2;
  // Many at once, so that what is delivered between two measurements is soon done.
  const accounts = [[{ url: bench.destination('ok', 0), maxInFlight: 256 }]];
  return bench.withProduct({ accounts }, async (target) => {
    await bench.warmUp(target);
    const ratios = [];
    let wrong = 0;
    for (let round = 0; round < rounds; round++) {
      const plain = await measure(bench, target, 0);
      const repeating = await measure(bench, target, 0.3);
      ratios.push(repeating.answers / plain.answers);
      wrong +=
        Math.abs(repeating.accepted - repeating.stored) + Math.abs(repeating.events - repeating.accepted);
      bench.progress(
        `${Math.round(plain.answers)} and with repeats ${Math.round(repeating.answers)} per second`,
      );
    }
    const once = { text: '0', isMet: (value) => value === 0 };
    return [
      row(id, 'events not accepted exactly once', wrong, once),
      row(id, 'answers per second, of W1', median(ratios), atLeast(0.9), '×'),
    ];
  });
}

async function measure(bench, target, repeats) {
  const countStored = () =>
    bench.postgres.with(target.database, async (client) => {
      const { rows } = await client.query('SELECT count(*)::int AS stored FROM events');
      return rows[0].stored;
    });
  await bench.receiver.ask('reset');
  const storedBefore = await countStored();
  const load = { connections: CONNECTIONS, seconds: bench.full ? 5 : 2, repeats };
  const { accepted, duplicates, events, seconds } = await bench.load(target, load);
  await bench.arrived(accepted);
  const stored = (await countStored()) - storedBefore;
  const answers = (accepted + duplicates) / seconds;
  return bench.record(id, `${repeats * 100} % repeats`, { accepted, duplicates, events, stored, answers });
}
