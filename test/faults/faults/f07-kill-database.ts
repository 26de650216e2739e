import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../support/wait-for.js';
import { mayRepeat } from '../harness/bounds.js';
import type { Fault } from '../harness/fault.js';

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
      bound += mayRepeat(round, rig.workers.length);
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
