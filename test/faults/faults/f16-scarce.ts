import { setTimeout as sleep } from 'node:timers/promises';
import { readdirSync } from 'node:fs';
import type { Fault } from '../harness/fault.js';
import { setLimit } from '../harness/limits.js';
import type { Round } from '../harness/round.js';
import { acceptsAgain } from './f08-database-away.js';

const BURST = 200;
const BURST_BYTES = 256 * 1024;
const HEAP_MB = 96;

/** What a process lives on runs out. It may refuse, it may not die. */
export const scarce: Fault = {
  id: 'F16',
  title: `stdout full, descriptors exhausted, ${HEAP_MB} MB heap under ${BURST} × 256 KiB`,
  // Deadlines that a machine which swaps or collects garbage keeps.
  rig: { env: { DELIVERY_TIMEOUT_MS: '8000', LEASE_SECONDS: '12' } },
  async run(round, { isShort, slackMs }) {
    const { rig, producer } = round;
    producer.run(300);
    await sleep(500);
    await unreadOutput(round, isShort ? 8000 : 15_000);
    await noDescriptors(round);
    await acceptsAgain(round, 5000 + slackMs);
    await producer.finish();
    await rig.restart({ NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` });
    await burst(round);
    const odd = producer.answers.filter(({ what }) => what !== 202 && what !== 200 && what !== 503);
    round.note(`${odd.length} requests were cut off`);
    return { duplicates: 0 };
  },
};

/** Nobody reads what the processes print, as behind a pipe to a program that hangs. */
async function unreadOutput(round: Round, ms: number): Promise<void> {
  const { rig, producer } = round;
  for (const each of rig.processes) each.stopReading();
  const accepted = producer.accepted;
  await sleep(ms);
  round.check(
    producer.accepted > accepted + (ms / 1000) * 100,
    `${producer.accepted - accepted} events were accepted in ${ms} ms while nobody read the output`,
  );
  for (const each of rig.processes) each.goOnReading();
}

async function noDescriptors({ rig, producer }: Round): Promise<void> {
  const pids = rig.apis.map(({ pid }) => pid);
  for (const pid of pids) setLimit([pid], 'nofile', readdirSync(`/proc/${pid}/fd`).length + 2);
  // More connections than descriptors are left.
  await Promise.race([producer.burst(100, 100), sleep(3000)]);
  setLimit(pids, 'nofile', 4096);
}

async function burst({ producer }: Round): Promise<void> {
  producer.options.largestBytes = BURST_BYTES;
  await producer.burst(BURST, BURST);
}
