import type { Fault } from '../harness/fault.js';

/** No fault at all but attempts that outlast a sweep: two workers must not make the same one. */
export const slowReceiver: Fault = {
  id: 'F0',
  title: 'attempts that take longer than a sweep',
  async run(round) {
    round.rig.receiver.script = () => ({ status: 200, afterMs: 2200 });
    await round.producer.burst(12, 12);
    return { duplicates: 0 };
  },
};
