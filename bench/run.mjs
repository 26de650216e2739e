// npm run bench: the short set. npm run bench -- W6: one. npm run bench -- --full: everything, which takes long.
import { prepare } from '../scripts/prepare.mjs';
import { printTable, writeResults } from './lib/report.mjs';
import { workloads } from './workloads/index.mjs';

const args = process.argv.slice(2);
const full = args.includes('--full');
const wanted = args.filter((arg) => !arg.startsWith('--')).map((arg) => arg.toLowerCase());
const unknown = [
  ...args.filter((arg) => arg.startsWith('--') && arg !== '--full'),
  ...wanted.filter((id) => !workloads.some((workload) => workload.id.toLowerCase() === id)),
];
if (unknown.length > 0) {
  const ids = workloads.map(({ id }) => id).join(', ');
  console.error(`Usage: npm run bench -- [--full] [${ids}], not "${unknown.join(' ')}".`);
  process.exit(1);
}

await prepare({ build: true });
const { Bench } = await import('./lib/bench.mjs');

const startedAt = performance.now();
const elapsed = () => `${Math.round((performance.now() - startedAt) / 1000)} s`.padStart(6);
let current = '';
const progress = (text) => console.log(`${elapsed()}  ${current.padEnd(4)} ${text}`);

const rows = [];
const failures = [];
const bench = await Bench.open({ full, progress });
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => void bench.abandon().finally(() => process.exit(130)));
if (!bench.redis) progress('no redis-server on the PATH: the shapes on Redis are left out');
try {
  for (const workload of workloads.filter(
    ({ id }) => wanted.length === 0 || wanted.includes(id.toLowerCase()),
  )) {
    current = workload.id;
    progress(workload.about);
    try {
      rows.push(...(await workload.run(bench)));
    } catch (error) {
      failures.push(`${workload.id} could not be measured: ${error.message}`);
      progress(failures.at(-1));
    }
  }
} finally {
  current = '';
  await bench.close();
}
printTable(rows, bench.rounds);
const files = writeResults({
  rows,
  rounds: bench.rounds,
  wanted,
  full,
  seconds: (performance.now() - startedAt) / 1000,
});
console.log(`${files.join(' and ')} written.`);
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
