import { Process } from './processes.mjs';
import { CONNECTIONS } from './saturate.mjs';

/** The ceilings without a delivery behind: what HTTP, sending and storing alone come to. */
export const CEILINGS = {
  'C1 bare Fastify': (bench, seconds) => http(bench, 'fastify', seconds),
  'C2 the same in Nest': (bench, seconds) => http(bench, 'nest', seconds),
  'C3 raw undici loop': (bench, seconds) => rawLoop(bench, { seconds }),
  'C4 PostgreSQL group commit': groupCommit,
};

async function http(bench, file, seconds) {
  const [process, target] = await Process.start(`bench/contenders/${file}.mjs`);
  await bench.load(target, { connections: CONNECTIONS, seconds: 0.5 });
  const sent = await bench.load(target, { connections: CONNECTIONS, seconds });
  await process.stop();
  return { accepts: sent.accepted / sent.seconds, generatorBusy: sent.busy };
}

/** Deliveries that C3 has made before it is measured. */
export const LOOP_WARM_UP = 2000;

/** C3; `count` or `seconds` says how long. */
export async function rawLoop(bench, options) {
  const [process] = await Process.start('bench/contenders/raw-loop.mjs');
  const url = bench.destination('ok', 0);
  await process.ask('run', { url, body: bench.body, count: LOOP_WARM_UP });
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
