import { setTimeout as sleep } from 'node:timers/promises';
import type { Charge } from '../build/active-faults.js';
import type { Fault } from '../harness/fault.js';
import type { Round } from '../harness/round.js';
import { waitFor } from '../../support/wait-for.js';

const PER_SECOND = 60;

const CHARGES: Omit<Charge, 'pass'>[] = [
  { place: 'accept.before_begin', action: 'kill' },
  { place: 'accept.sent', action: 'kill', ms: 1 },
  { place: 'accept.after_commit', action: 'kill' },
  { place: 'queue.before_add', action: 'kill' },
];

/** kill -9 of an API at every place and at random moments. */
export const killApi: Fault = {
  id: 'F1',
  title: 'kill -9 API at every place and at random',
  async run(round, { times }) {
    const { rig, random, producer } = round;
    producer.run(PER_SECOND);
    for (const charge of CHARGES) await killAt(round, { ...charge, pass: random.integer(1, 10) });
    await killBeforeCommit(round);
    for (let time = 0; time < times; time++) {
      await killAfterResponse(round);
      await sleep(random.integer(0, 500));
      await random.pick(rig.apis).kill();
    }
    await producer.finish();
    const repeated = [...producer.ledger.values()].filter(({ tries }) => tries > 1);
    const duplicates = repeated.filter(({ status }) => status === 200).length;
    round.check(repeated.length > 0, 'no event had to be sent again: the kills hit nothing');
    round.note(`${repeated.length} sent again, ${duplicates} of them were stored already`);
    return { duplicates: 0 };
  },
};

/** A part of F1: events, of which one in the middle takes its process along at `place`. */
export const killApiAt = (place: Charge['place']): Fault => ({
  id: 'F1',
  title: `kill -9 API at ${place}`,
  async run(round) {
    round.producer.run(PER_SECOND);
    await killAt(round, { place, action: 'kill', pass: 5 });
    await round.producer.finish();
    return { duplicates: 0 };
  },
});

/** A part of F1: nothing was stored yet, and nobody may have been told that it was. */
export const killApiBeforeBegin: Fault = {
  id: 'F1',
  title: 'kill -9 API that is about to store',
  async run(round) {
    const api = round.rig.apis[0]!;
    round.producer.run(PER_SECOND);
    await api.arm({ place: 'accept.before_begin', action: 'delay', ms: 60_000, pass: 5 });
    await waitFor(() => api.hits.includes('accept.before_begin'), { what: 'an event about to be stored' });
    // Time for an answer that must not come.
    await sleep(1000);
    await api.kill();
    await round.producer.finish();
    return { duplicates: 0 };
  },
};

async function killAt({ rig, random }: Round, charge: Charge): Promise<void> {
  const api = random.pick(rig.apis);
  await api.becomesReady();
  const deaths = api.deaths.length;
  await api.arm(charge);
  await waitFor(() => api.deaths.length > deaths, {
    what: `${api.name} dying at ${charge.place}`,
    timeoutMs: 15_000,
  });
}

/** The statement is under way in the database when the process dies: stored, and nobody was told. */
async function killBeforeCommit(round: Round): Promise<void> {
  const { database } = round.rig;
  await database.query(`
    CREATE OR REPLACE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.05); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON event_keys DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION pause()`);
  await killAt(round, { place: 'accept.sent', action: 'kill', pass: 2, ms: 20 });
  await database.query('DROP TRIGGER slow_commit ON event_keys');
}

/** The producer has its 202 in hand when the process dies. */
async function killAfterResponse(round: Round): Promise<void> {
  const { rig, producer, random } = round;
  await rig.becomesReady();
  const api = random.pick(rig.apis);
  const deaths = api.deaths.length;
  producer.onAcknowledged = (_entry, target) => {
    if (target === rig.urlOf(api)) void api.kill();
  };
  await waitFor(() => api.deaths.length > deaths, { what: `${api.name} dying after its answer` });
  producer.onAcknowledged = () => undefined;
}
