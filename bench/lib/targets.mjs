import { readFileSync } from 'node:fs';
import { Process } from './processes.mjs';
import { PRODUCT_ENV } from './seed.mjs';

/** Where queue and processes are: what a product and a bare pipeline are compared in. */
export const SHAPES = [
  { name: 'PostgreSQL queue, one process', redis: false, apart: false },
  { name: 'PostgreSQL queue, API and worker apart', redis: false, apart: true },
  { name: 'Redis queue, one process', redis: true, apart: false },
  { name: 'Redis queue, API and worker apart', redis: true, apart: true },
];
export const DEFAULT_SHAPE = SHAPES[0];

const PROBE = ['--import', new URL('probe.mjs', import.meta.url).href];
const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
/** As `npm start` runs its processes, and the probe. */
const EXEC_ARGV = [...scripts.start.split(' ').filter((word) => word.startsWith('--')), ...PROBE];
const API_READY = /API +http:\/\/localhost:(\d+)\/api/;
const WORKER_READY = /worker is ready/;

/** Starts the built product on a migrated database, as its users do but for the probe. */
export async function startProduct({ databaseUrl, redisUrl, apart, worker = apart, env = {} }) {
  const all = { ...PRODUCT_ENV, PORT: '0', DATABASE_URL: databaseUrl, REDIS_URL: redisUrl ?? '', ...env };
  const launch = (file, isReady, args) =>
    Process.start(`dist/src/${file}.js`, { env: all, args, execArgv: EXEC_ARGV, isReady });
  const startWorker = async () => (await launch('worker', WORKER_READY))[0];
  const [[api, [, port]], started] = await Promise.all([
    launch('main', API_READY, [apart ? 'api' : 'all']),
    worker && startWorker(),
  ]);
  const processes = { api, ...(started && { worker: started }) };
  return {
    port: Number(port),
    path: '/api/server/incoming_data',
    processes,
    startWorker: async () => (processes.worker = await startWorker()),
    stop: (limitMs) => Promise.all(Object.values(processes).map((process) => process.stop(limitMs))),
  };
}

/** Starts the bare pipeline (C5) on an empty database. */
export async function startBare({ connection, redisUrl, apart, destination }) {
  const env = {
    BENCH_DATABASE: JSON.stringify(connection),
    BENCH_DESTINATION: destination,
    BENCH_REDIS: redisUrl ?? '',
  };
  const launch = (role) => Process.start('bench/contenders/bare.mjs', { env: { ...env, BENCH_ROLE: role } });
  const [api, { port }] = await launch(apart ? 'api' : 'all');
  const processes = { api, ...(apart && { worker: (await launch('worker'))[0] }) };
  return {
    port,
    path: '/events',
    processes,
    stop: () => Promise.all(Object.values(processes).map((process) => process.stop())),
  };
}
