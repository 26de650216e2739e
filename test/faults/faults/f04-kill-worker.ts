import { waitFor } from '../../support/wait-for.js';
import type { FaultPlace } from '../../../src/common/fault-injection.js';
import { mayRepeat } from '../harness/bounds.js';
import type { Fault } from '../harness/fault.js';
import { LEASE_SECONDS } from '../harness/rig.js';
import type { Round } from '../harness/round.js';
import { checkLatest, latest } from '../harness/timing.js';

const PLACES: FaultPlace[] = [
  'claim.after',
  'attempt.before_connect',
  'attempt.after_request',
  'attempt.after_headers',
  'result.before_record',
  'retry.before_schedule',
];

/** kill -9 of a worker at every place. What it had under way is made again when its lease is over. */
export const killWorker: Fault = {
  id: 'F4',
  title: 'kill -9 worker at every place',
  async run(round, { times, slackMs, isShort }) {
    const { rig, producer, random } = round;
    const failing = random.fork('failing');
    // Every fifth fails once, so that there are retries to be scheduled.
    rig.receiver.script = (_received, earlier) =>
      earlier === 0 && failing.next() < 0.2 ? { status: 500 } : { status: 200, afterMs: 5 };
    producer.run(80);
    const deaths: number[] = [];
    let bound = 0;
    for (let time = 0; time < (isShort ? 1 : times); time++)
      for (const place of PLACES) {
        deaths.push(await killAt(round, place));
        bound += mayRepeat(round, 1);
      }
    await producer.finish();
    await round.drain();
    const late = latest(round, deaths);
    const limitMs = (LEASE_SECONDS + 2) * 1000;
    round.note(`latest delivery ${late.ms} ms after a death`);
    // A machine that also runs everything else is late for reasons of its own; the full form is strict.
    if (!isShort) await checkLatest(round, late, limitMs + slackMs);
    return { duplicates: bound };
  },
};

/** The same where one process accepts and attempts what it has just committed from memory. */
export const killBoth: Fault = {
  ...killWorker,
  id: 'F4a',
  title: 'kill -9 API and worker in one process',
  rig: { inOne: true },
};

/** A part of F4: deliveries, of which one takes its process along at `place`. */
export const killWorkerAt = (place: FaultPlace): Fault => ({
  id: 'F4',
  title: `kill -9 worker at ${place}`,
  async run(round) {
    round.producer.run(40);
    await killAt(round, place);
    await round.producer.finish();
    return { duplicates: round.inFlightLimit };
  },
});

async function killAt({ rig, random }: Round, place: FaultPlace): Promise<number> {
  const worker = random.pick(rig.workers);
  await worker.becomesReady();
  const deaths = worker.deaths.length;
  await worker.arm({ place, action: 'kill', pass: random.integer(1, 10) });
  await waitFor(() => worker.deaths.length > deaths, {
    what: `${worker.name} dying at ${place}`,
    timeoutMs: 20_000,
  });
  return worker.deaths.at(-1)!.at;
}
