import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../harness/fault.js';

/** An API stands still and answers late what it had in hand. */
export const freezeApi: Fault = {
  id: 'F3',
  title: 'freeze API 10 s',
  async run({ rig, producer, random }, { isShort }) {
    producer.run(80);
    for (let time = 0; time < 2; time++) {
      const api = random.pick(rig.apis);
      await sleep(500);
      api.freeze();
      await sleep(isShort ? 3000 : 10_000);
      api.thaw();
      await sleep(1000);
    }
    await producer.finish();
    return { duplicates: 0 };
  },
};
