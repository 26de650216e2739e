import { setTimeout as sleep } from 'node:timers/promises';
import { mayRepeat } from './harness/bounds.js';
import type { Fault } from './harness/fault.js';
import { LEASE_SECONDS } from './harness/rig.js';
import type { Round } from './harness/round.js';

const PER_SECOND = 500;
/** Faults take their share of the time; much longer than this is a failure of its own. */
const SLOWEST_PER_SECOND = 60;

type Strike = (round: Round) => Promise<number>;

/** Each does its harm and says how many deliveries may arrive twice because of it. */
const strikes: Record<string, Strike> = {
  'kill API': async ({ rig, random }) =>
    random
      .pick(rig.apis)
      .kill()
      .then(() => 0),
  'kill worker': async (round) => {
    const bound = mayRepeat(round, 1);
    await round.random.pick(round.rig.workers).kill();
    return bound;
  },
  'freeze API': async ({ rig, random }) => freeze(random.pick(rig.apis), 2000).then(() => 0),
  'freeze worker': async (round) => {
    const bound = mayRepeat(round, 1);
    await freeze(round.random.pick(round.rig.workers), (LEASE_SECONDS + 2) * 1000);
    return bound;
  },
  'stop API': async ({ rig, random }) => restart(rig, random.pick(rig.apis)),
  'stop worker': async ({ rig, random }) => restart(rig, random.pick(rig.workers)),
  'kill PostgreSQL': async (round) => {
    const bound = mayRepeat(round, round.rig.workers.length);
    round.rig.database.killAll();
    await sleep(2000);
    await round.rig.database.ready();
    return bound;
  },
  'restart PostgreSQL': async (round) => {
    const bound = mayRepeat(round, round.rig.workers.length);
    await round.rig.database.restart();
    return bound;
  },
  'freeze PostgreSQL': async (round) => {
    const bound = mayRepeat(round, round.rig.workers.length);
    round.rig.database.signalAll('SIGSTOP');
    await sleep(3000);
    round.rig.database.signalAll('SIGCONT');
    return bound;
  },
};

async function freeze(each: { freeze(): void; thaw(): void }, ms: number): Promise<void> {
  each.freeze();
  await sleep(ms);
  each.thaw();
}

async function restart(rig: Round['rig'], each: Round['rig']['processes'][number]): Promise<number> {
  await rig.stopGracefully(each);
  await each.start();
  return 0;
}

/** Random faults, one after the other, until so many events were acknowledged. */
export const soak = (events: number): Fault => ({
  id: 'S',
  title: `random faults until ${events} events are acknowledged`,
  async run(round) {
    const { producer, random, rig } = round;
    const deadline = performance.now() + (events / SLOWEST_PER_SECOND) * 1000 + 60_000;
    const counts = new Map<string, number>();
    let bound = 0;
    producer.run(PER_SECOND);
    while (producer.accepted < events && performance.now() < deadline) {
      await sleep(random.integer(500, 3000));
      await rig.becomesReady();
      const name = random.pick(Object.keys(strikes));
      counts.set(name, (counts.get(name) ?? 0) + 1);
      bound += await strikes[name]!(round);
    }
    await producer.finish();
    round.check(producer.accepted >= events, `only ${producer.accepted} events were acknowledged in time`);
    round.note([...counts].map(([name, count]) => `${count} × ${name}`).join(', '));
    return { duplicates: bound };
  },
});
