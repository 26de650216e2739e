import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../harness/fault.js';

/** SIGTERM to a worker with attempts under way: they are finished and recorded, the rest is given back. */
export const stopWorker: Fault = {
  id: 'F5',
  title: 'SIGTERM worker under load',
  async run(round, { times, isShort }) {
    const { rig, producer, random } = round;
    const pace = random.fork('pace');
    rig.receiver.script = () => ({ status: 200, afterMs: pace.integer(50, 400) });
    producer.run(40);
    for (let time = 0; time < (isShort ? 2 : times * 2); time++) {
      const worker = rig.workers[time % 2]!;
      await sleep(random.integer(500, 1000));
      await rig.stopGracefully(worker);
      await worker.start();
    }
    await producer.finish();
    return { duplicates: 0 };
  },
};

/** The same where one process accepts and attempts what it has just committed from memory. */
export const stopBoth: Fault = {
  ...stopWorker,
  id: 'F5a',
  title: 'SIGTERM API and worker in one process',
  rig: { inOne: true },
};
