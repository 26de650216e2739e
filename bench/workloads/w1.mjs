// W1: 1 KB events to one destination, as many as go in. The product beside its ceilings, taking turns.
import { medians } from '../lib/stats.mjs';
import { atLeast, atMost, row } from '../lib/rows.mjs';
import { Process } from '../lib/processes.mjs';
import { CONNECTIONS, saturate } from '../lib/saturate.mjs';
import { DEFAULT_SHAPE, SHAPES } from '../lib/targets.mjs';

export const id = 'W1';
export const about = '1 KB events, 1 destination, saturation';

const oneDestination = (bench) => [[{ url: bench.destination('ok', 0) }]];

export async function run(bench) {
  const seconds = bench.full ? 6 : 3;
  const rounds = bench.full ? 5 : 2;
  const shapes = SHAPES.filter(({ redis }) => bench.redis || !redis);
  const measured = new Map();
  const keep = (name, numbers) => {
    bench.record(id, name, numbers);
    measured.set(name, [...(measured.get(name) ?? []), numbers]);
  };
  for (let round = 0; round < rounds; round++) {
    const contenders = [
      ...ceilings(bench, seconds / 2),
      ...shapes
        .filter((shape) => round === 0 || bench.full || shape === DEFAULT_SHAPE)
        .flatMap((shape) => [
          [bareName(shape), () => bench.withBare({ shape }, (target) => measure(bench, target, seconds))],
          [
            productName(shape),
            () =>
              bench.withProduct({ shape, accounts: oneDestination(bench) }, (target) =>
                measure(bench, target, seconds),
              ),
          ],
        ]),
    ];
    for (const [name, work] of round % 2 ? contenders.reverse() : contenders) {
      const numbers = await work();
      keep(name, numbers);
      bench.progress(
        `round ${round + 1}: ${name}, ${Math.round(numbers.delivered ?? numbers.accepts)} per second`,
      );
    }
  }
  const results = Object.fromEntries([...measured].map(([name, all]) => [name, medians(all)]));
  return toRows(results, shapes);
}

const bareName = ({ name }) => `C5 bare pipeline: ${name}`;
const productName = ({ name }) => `product: ${name}`;

async function measure(bench, target, seconds) {
  await bench.warmUp(target);
  return saturate(bench, target, { seconds });
}

/** C1 to C4, and what the API accepts while nobody delivers. */
function ceilings(bench, seconds) {
  const http = (file) => async () => {
    const [process, target] = await Process.start(`bench/contenders/${file}.mjs`);
    await bench.load(target, { connections: CONNECTIONS, seconds: 0.5 });
    const { accepted, seconds: took, busy } = await bench.load(target, { connections: CONNECTIONS, seconds });
    await process.stop();
    return { accepts: accepted / took, generatorBusy: busy };
  };
  return [
    ['C1 bare Fastify', http('fastify')],
    ['C2 the same in Nest', http('nest')],
    ['C3 raw undici loop', () => rawLoop(bench, { seconds })],
    ['C4 PostgreSQL group commit', () => groupCommit(bench, seconds)],
    ['product: accepts alone', () => acceptAlone(bench, seconds)],
  ];
}

/** C3, for all workloads that compare with it. */
export async function rawLoop(bench, options) {
  const [process] = await Process.start('bench/contenders/raw-loop.mjs');
  const url = bench.destination('ok', 0);
  await process.ask('run', { url, body: bench.body, count: 2000 });
  const { deliveries, seconds, cpuMicros } = await process.ask('run', { url, body: bench.body, ...options });
  await process.stop();
  return { accepts: deliveries / seconds, deliveries, seconds, cpuPer1000: cpuMicros / 1000 / deliveries };
}

async function groupCommit(bench, seconds) {
  const database = await bench.postgres.createDatabase({ migrated: false });
  const env = { BENCH_DATABASE: JSON.stringify(bench.postgres.connection(database)) };
  const [process] = await Process.start('bench/contenders/group-commit.mjs', { env });
  await process.ask('run', { body: bench.body, seconds: 0.5 });
  const { rows, seconds: took } = await process.ask('run', { body: bench.body, seconds });
  await process.stop();
  await bench.postgres.dropDatabase(database);
  return { accepts: rows / took };
}

function acceptAlone(bench, seconds) {
  const shape = SHAPES[1];
  return bench.withProduct({ shape, worker: false, accounts: oneDestination(bench) }, async (target) => {
    await bench.load(target, { connections: CONNECTIONS, seconds: 1 });
    const {
      accepted,
      seconds: took,
      p95,
      busy,
    } = await bench.load(target, { connections: CONNECTIONS, seconds });
    return { accepts: accepted / took, acceptP95: p95, generatorBusy: busy };
  });
}

function toRows(results, shapes) {
  const { accepts } = results['product: accepts alone'];
  const ofC4 = accepts / results['C4 PostgreSQL group commit'].accepts;
  const ofC1 = accepts / results['C1 bare Fastify'].accepts;
  const informing = [
    'C1 bare Fastify',
    'C2 the same in Nest',
    'C3 raw undici loop',
    'C4 PostgreSQL group commit',
  ];
  const needed = { text: '≥ 0.5 of C4 or 0.45 of C1', isMet: () => ofC4 >= 0.5 || ofC1 >= 0.45 };
  return [
    ...informing.map((name) => row(id, name, results[name].accepts, null, 'per s')),
    row(id, 'durable accepts, nobody delivers', accepts, null, 'per s'),
    row(id, 'the same against the ceilings', `${ofC4.toFixed(2)} of C4, ${ofC1.toFixed(2)} of C1`, needed),
    ...shapes.flatMap((shape) => shapeRows(shape, results[productName(shape)], results[bareName(shape)])),
  ];
}

function shapeRows({ name, redis }, product, bare) {
  const rows = [
    row(id, `accepted and delivered, of C5 (${name})`, product.delivered / bare.delivered, atLeast(0.65)),
    row(id, `accepted and delivered (${name})`, product.delivered, null, 'per s'),
    row(id, `CPU per 1,000 deliveries (${name})`, product.cpuPer1000, atMost(0.35), 's'),
    row(id, `statements per event (${name})`, product.statementsPerEvent, atMost(0.1)),
    row(id, `statements per delivery (${name})`, product.statementsPerDelivery, atMost(0.1)),
  ];
  if (redis)
    rows.push(
      row(id, `Redis commands per delivery (${name})`, product.redisSentPerDelivery, atMost(1)),
      row(id, `the same with those inside scripts (${name})`, product.redisRunPerDelivery),
    );
  return [
    ...rows,
    row(id, `WAL per event (${name})`, product.walBytesPerEvent, null, 'bytes'),
    row(id, `fsyncs per event (${name})`, product.fsyncsPerEvent),
  ];
}
