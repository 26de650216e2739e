import { waitFor } from '../../support/wait-for.js';
import type { Fault } from '../harness/fault.js';
import { Gate } from '../harness/gate.js';
import { LEASE_SECONDS } from '../harness/rig.js';
import type { Round } from '../harness/round.js';

/** No more than may be under way to a destination: the frozen worker has them all. */
const EVENTS = 6;
/** A third attempt, which must not be, ends behind the second one. */
const THIRD_MS = 2500;

/**
 * A worker stands still in the middle of its attempts until its lease has passed to the other one, and wakes up
 * while that one is at work. Its late results are those of failed attempts: if they counted, the deliveries would be
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
  const { rig, producer, destinations } = round;
  const [frozen, other] = round.random.next() < 0.5 ? rig.workers : rig.workers.toReversed();
  await rig.becomesReady();
  const [isFrozen, isLate] = [new Gate(), new Gate()];
  rig.receiver.script = (_received, earlier) => {
    if (earlier === 0) return { status: 500, behind: isFrozen };
    return earlier === 1 ? { status: 200, behind: isLate } : { status: 200, afterMs: THIRD_MS };
  };
  const before = rig.receiver.records.length;
  const attempts = EVENTS * destinations.length;
  const come = (count: number, what: string, timeoutMs: number) =>
    waitFor(() => rig.receiver.records.length >= before + count, { what, timeoutMs });
  // Only the worker that will be frozen is there to claim them.
  other!.freeze();
  await producer.burst(EVENTS, EVENTS);
  await come(attempts, 'the attempts to freeze in', 10_000);
  frozen!.freeze();
  isFrozen.open();
  other!.thaw();
  const lateBefore = await lateResults(round);
  await come(attempts + 1, 'the second attempts', LEASE_SECONDS * 1000 + 15_000);
  frozen!.thaw();
  await waitFor(async () => (await lateResults(round)) > lateBefore, { what: 'a late result' });
  isLate.open();
  await producer.finish();
  await round.drain();
}

/** Attempts that took as long as only a frozen one does, whether they counted or not. */
async function lateResults({ rig, accountId }: Round): Promise<number> {
  const [row] = await rig.database.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM attempts WHERE duration_ms >= $2 AND delivery_id IN (
       SELECT id FROM deliveries WHERE account_id = $1)`,
    [accountId, (LEASE_SECONDS - 1) * 1000],
  );
  return row!.count;
}

async function supersededAttempts({ rig, accountId }: Round): Promise<number> {
  const [row] = await rig.database.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM attempts WHERE superseded AND delivery_id IN (
       SELECT id FROM finished_deliveries WHERE account_id = $1)`,
    [accountId],
  );
  return row!.count;
}
