import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../support/wait-for.js';
import type { Fault } from '../harness/fault.js';
import { LEASE_SECONDS } from '../harness/rig.js';
import type { Round } from '../harness/round.js';

/** How long the second attempt takes: the result of the first one comes while it is under way. */
const SECOND_MS = 2500;
const EVENTS = 6;

/**
 * A worker stands still in the middle of an attempt until its lease has passed to the other one, and wakes up
 * while that one is at work. Its late result is that of a failed attempt: if it counted, the delivery would be
 * made a third time.
 */
export const freezeWorker: Fault = {
  id: 'F6',
  title: 'freeze worker longer than its lease',
  async run(round, { times, isShort }) {
    for (let time = 0; time < (isShort ? 1 : times); time++) await freezeInTheMiddle(round);
    const superseded = await supersededAttempts(round);
    round.note(`${superseded} late results were fenced`);
    round.check(superseded > 0, 'no result came late: the freeze hit nothing');
    return { duplicates: 0 };
  },
};

async function freezeInTheMiddle(round: Round): Promise<void> {
  const { rig, producer } = round;
  const [frozen, other] = round.random.next() < 0.5 ? rig.workers : rig.workers.toReversed();
  await rig.becomesReady();
  rig.receiver.script = (_received, earlier) =>
    earlier === 0 ? { status: 500, afterMs: 300 } : { status: 200, afterMs: SECOND_MS };
  const before = rig.receiver.records.length;
  // Only the worker that will be frozen is there to claim them.
  other!.freeze();
  await producer.burst(EVENTS, EVENTS);
  await waitFor(() => rig.receiver.records.length - before >= EVENTS, { what: 'the attempts to freeze in' });
  frozen!.freeze();
  other!.thaw();
  await sleep(LEASE_SECONDS * 1000);
  const again = rig.receiver.records.length;
  await waitFor(() => rig.receiver.records.length > again, {
    what: 'the second attempts',
    timeoutMs: 15_000,
  });
  await sleep(500);
  frozen!.thaw();
  await producer.finish();
  await round.drain();
}

async function supersededAttempts({ rig, accountId }: Round): Promise<number> {
  const [row] = await rig.database.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM attempts WHERE superseded AND delivery_id IN (
       SELECT id FROM finished_deliveries WHERE account_id = $1)`,
    [accountId],
  );
  return row!.count;
}
