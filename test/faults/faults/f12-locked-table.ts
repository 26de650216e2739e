import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../harness/fault.js';
import type { Round } from '../harness/round.js';
import { answeredWithin, onlyAccepted } from './f08-database-away.js';

const ANSWER_MS = 2000;
const MAX_GROWTH_MB = 150;

/** Somebody works on the table: events wait shortly and are refused, and what waits does not fill the memory. */
export const lockTable: Fault = {
  id: 'F12',
  title: 'ACCESS EXCLUSIVE lock 10 s',
  round: { largestBytes: 60_000 },
  async run(round, { slackMs, isShort }) {
    const { rig, producer } = round;
    producer.run(150);
    await sleep(1500);
    const before = memory(round);
    const locker = await rig.database.connect();
    await locker.query('BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    let most = 0;
    for (let waited = 0; waited < (isShort ? 3000 : 10_000); waited += 250) {
      await sleep(250);
      most = Math.max(most, memory(round));
    }
    await locker.query('COMMIT');
    await locker.end();
    await producer.finish();
    onlyAccepted(round);
    answeredWithin(round, ANSWER_MS + slackMs);
    round.note(`memory of the APIs ${before} MB before, ${most} MB at most`);
    round.check(most <= before + MAX_GROWTH_MB, `the memory of the APIs grew from ${before} to ${most} MB`);
    return { duplicates: 0 };
  },
};

/** Resident memory of the larger API, in MB. */
function memory({ rig }: Round): number {
  return Math.max(...rig.apis.map(({ pid }) => residentMb(pid)));
}

export function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
