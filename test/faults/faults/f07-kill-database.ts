import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../support/wait-for.js';
import type { Fault } from '../harness/fault.js';
import type { Round } from '../harness/round.js';

/** Results are committed asynchronously: the server writes them within three rounds of its WAL writer (200 ms). */
const UNWRITTEN_MS = 600;

/** kill -9 of every process of PostgreSQL. */
export const killDatabase: Fault = {
  id: 'F7',
  title: 'kill -9 PostgreSQL',
  async run(round, { times, isShort }) {
    const { rig, producer, random } = round;
    let bound = 0;
    producer.run(100);
    for (let time = 0; time < (isShort ? 2 : times); time++) {
      await sleep(random.integer(800, 1600));
      bound += mayRepeat(round);
      const accepted = producer.accepted;
      rig.database.killAll();
      await waitFor(() => producer.accepted > accepted + 20, { timeoutMs: 30_000, what: 'accepting again' });
    }
    await producer.finish();
    const refused = producer.answers.filter(({ what }) => what === 503).length;
    const odd = producer.answers.filter(({ what }) => typeof what === 'string');
    round.note(`${refused} answers were 503`);
    round.check(refused > 0, 'no answer was 503: the kills hit nothing');
    round.check(odd.length === 0, `${odd.length} requests were not answered: ${odd[0]?.what}`);
    await round.drain();
    return { duplicates: bound };
  },
};

/** What may arrive twice if the database dies now. */
function mayRepeat({ rig, inFlightLimit }: Round): number {
  const since = performance.now() - UNWRITTEN_MS;
  const unwritten = rig.receiver.records.filter(({ takenAt }) => takenAt !== null && takenAt > since);
  return rig.workers.length * inFlightLimit + unwritten.length;
}
