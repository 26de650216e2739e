import { parseArgs } from 'node:util';
import { faults } from './faults/index.js';
import { type Fault, full, runFault, short } from './harness/fault.js';
import type { Verdict } from './harness/oracle.js';
import { soak } from './soak.js';
import type { Round } from './harness/round.js';

const PROGRESS_MS = 5000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    fault: { type: 'string', multiple: true },
    seed: { type: 'string' },
    soak: { type: 'string' },
    short: { type: 'boolean' },
  },
});
const wanted = new Set([...(values.fault ?? []), ...positionals].map((id) => id.toLowerCase()));
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!Number.isInteger(seed)) misunderstood(`${values.seed} is no seed: a whole number is.`);
if (values.soak && !(Number(values.soak) > 0)) misunderstood(`${values.soak} is no number of events.`);
const chosen = values.soak
  ? [soak(Number(values.soak))]
  : faults.filter(({ id }) => wanted.size === 0 || wanted.has(id.toLowerCase()));
if (chosen.length < wanted.size)
  misunderstood(
    `Not all of ${[...wanted].join(', ')} are faults: ${faults.map(({ id }) => id).join(', ')} are.`,
  );

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

console.log(`Seed ${seed}. Run it again with: npm run prove -- --seed ${seed}`);
const verdicts: Verdict[] = [];
for (const fault of chosen) verdicts.push(await prove(fault));
summarise(verdicts);

function misunderstood(why: string): never {
  console.error(why);
  process.exit(2);
}

async function prove(fault: Fault): Promise<Verdict> {
  const startedAt = Date.now();
  let round: Round | undefined;
  const seconds = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  const progress = setInterval(() => {
    console.log(`  ${fault.id} ${seconds()}, ${round?.producer?.accepted ?? 0} accepted so far`);
  }, PROGRESS_MS);
  try {
    const verdict = await runFault(fault, {
      seed,
      scale: values.short ? short : full,
      onRound: (opened) => (round = opened),
    });
    console.log(
      `${describe(fault, verdict)}  ${seconds()}${verdict.notes.map((note) => `; ${note}`).join('')}`,
    );
    return verdict;
  } catch (error) {
    const problems = [(error as Error).message];
    console.log(`${fault.id} FAILED ${fault.title}: ${(error as Error).stack}`);
    if (round) console.log(round.rig.watch.tail(15));
    return {
      accepted: 0,
      delivered: 0,
      lost: 0,
      corrupt: 0,
      unexpected: 0,
      duplicates: 0,
      bound: 0,
      problems,
    };
  } finally {
    clearInterval(progress);
  }
}

function describe({ id, title }: Fault, verdict: Verdict): string {
  const { accepted, delivered, duplicates, bound, lost, problems } = verdict;
  const counts = `accepted ${accepted} delivered ${delivered} duplicates ${duplicates} (bound ${bound}) lost ${lost}`;
  const outcome = problems.length === 0 ? 'ok    ' : 'FAILED';
  return [
    `${id.padEnd(3)} ${outcome} ${title}: ${counts}`,
    ...problems.map((problem) => `    ${problem}`),
  ].join('\n');
}

function summarise(all: Verdict[]): void {
  const total = (pick: (verdict: Verdict) => number) => all.reduce((sum, verdict) => sum + pick(verdict), 0);
  const failed = all.filter(({ problems }) => problems.length > 0).length;
  console.log(
    `\naccepted ${total((v) => v.accepted)} delivered ${total((v) => v.delivered)} ` +
      `duplicates ${total((v) => v.duplicates)} (bound ${total((v) => v.bound)}) lost ${total((v) => v.lost)}`,
  );
  console.log(
    failed === 0 ? `${all.length} faults, no violation` : `${failed} of ${all.length} faults FAILED`,
  );
  process.exit(failed === 0 ? 0 : 1);
}
