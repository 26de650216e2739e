// W1: 1 KB events to one destination, as many as go in. The product beside its ceilings, taking turns.
import { CEILINGS } from '../lib/ceilings.mjs';
import { atLeast, atMost, row } from '../lib/rows.mjs';
import { CONNECTIONS, saturate } from '../lib/saturate.mjs';
import { median, medians } from '../lib/stats.mjs';
import { DEFAULT_SHAPE, SHAPES } from '../lib/targets.mjs';

export const id = 'W1';
export const about = '1 KB events, 1 destination, saturation';

const ACCEPTS_ALONE = 'product: accepts alone';
const [, APART] = SHAPES;
const bareName = ({ name }) => `C5 bare pipeline: ${name}`;
const productName = ({ name }) => `product: ${name}`;

export async function run(bench) {
  const rounds = bench.full ? 5 : 2;
  const shapes = SHAPES.filter(({ redis }) => bench.redis || !redis);
  const measured = {};
  for (let round = 0; round < rounds; round++) {
    // The shape that users get by default is measured most.
    const chosen = shapes.filter((shape) => bench.full || round === 0 || shape === DEFAULT_SHAPE);
    const contenders = contendersOf(bench, chosen, bench.full ? 6 : 2);
    for (const [name, work] of round % 2 ? contenders.reverse() : contenders) {
      const numbers = bench.record(id, name, await work());
      (measured[name] ??= []).push(numbers);
      bench.progress(
        `round ${round + 1}: ${name}, ${Math.round(numbers.delivered ?? numbers.accepts)} per s`,
      );
    }
  }
  return [...acceptRows(measured), ...shapes.flatMap((shape) => shapeRows(measured, shape))];
}

/** In the order of a round: what is compared stands together. */
function contendersOf(bench, shapes, seconds) {
  const accounts = [[{ url: bench.destination('ok', 0) }]];
  const measure = async (target) => {
    await bench.warmUp(target);
    const numbers = await saturate(bench, target, { seconds });
    target.whenStopped = (fsyncs) => (numbers.fsyncsPerEvent = fsyncs / target.accepted);
    return numbers;
  };
  return [
    ...Object.entries(CEILINGS).map(([name, ceiling]) => [name, () => ceiling(bench, seconds / 2)]),
    [ACCEPTS_ALONE, () => acceptAlone(bench, accounts, seconds)],
    ...shapes.flatMap((shape) => [
      [bareName(shape), () => bench.withBare({ shape }, measure)],
      [productName(shape), () => bench.withProduct({ shape, accounts }, measure)],
    ]),
  ];
}

function acceptAlone(bench, accounts, seconds) {
  return bench.withProduct({ shape: APART, worker: false, accounts }, async (target) => {
    await bench.load(target, { connections: CONNECTIONS, seconds: 1 });
    const sent = await bench.load(target, { connections: CONNECTIONS, seconds });
    return { accepts: sent.accepted / sent.seconds, acceptP95: sent.p95, generatorBusy: sent.busy };
  });
}

function acceptRows(measured) {
  const accepts = (name) => medians(measured[name]).accepts;
  const product = accepts(ACCEPTS_ALONE);
  const ofC1 = product / accepts('C1 bare Fastify');
  const ofC4 = product / accepts('C4 PostgreSQL group commit');
  const needed = { text: '≥ 0.5 of C4 or 0.45 of C1', isMet: () => ofC4 >= 0.5 || ofC1 >= 0.45 };
  return [
    ...Object.keys(CEILINGS).map((name) => row(id, name, accepts(name), null, 'per s')),
    row(id, 'durable accepts, nobody delivers', product, null, 'per s'),
    row(id, 'the same against the ceilings', `${ofC4.toFixed(2)} of C4, ${ofC1.toFixed(2)} of C1`, needed),
  ];
}

/** The median of the ratios of neighbours. */
function ofBare(measured, shape) {
  const bares = measured[bareName(shape)];
  return median(
    measured[productName(shape)].map(({ delivered }, round) => delivered / bares[round].delivered),
  );
}

function shapeRows(measured, shape) {
  const { name, redis } = shape;
  const product = medians(measured[productName(shape)]);
  const redisRows = redis && [
    row(id, `Redis commands per delivery (${name})`, product.redisSentPerDelivery, atMost(1)),
    row(id, `the same with those inside scripts (${name})`, product.redisRunPerDelivery),
  ];
  return [
    row(id, `accepted and delivered (${name})`, product.delivered, null, 'per s'),
    row(id, `the same, of C5 (${name})`, ofBare(measured, shape), atLeast(0.65), '×'),
    row(id, `CPU per 1,000 deliveries (${name})`, product.cpuPer1000, atMost(0.35), 's'),
    row(id, `CPU of PostgreSQL for them (${name})`, product.postgresCpuPer1000, null, 's'),
    row(id, `statements per event (${name})`, product.statementsPerEvent, atMost(0.1)),
    row(id, `statements per delivery (${name})`, product.statementsPerDelivery, atMost(0.1)),
    ...(redisRows || []),
    row(id, `WAL per event (${name})`, product.walBytesPerEvent, null, 'bytes'),
    row(id, `fsyncs per event (${name})`, product.fsyncsPerEvent),
  ];
}
