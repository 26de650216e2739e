import { waitFor } from '../../support/wait-for.js';
import type { Fault } from '../harness/fault.js';
import { MAX_IN_FLIGHT } from '../harness/rig.js';

/** Two sweeps of each worker come while they are under way, also where a sweep is late. */
const ATTEMPT_MS = 3500;

/** No fault at all but attempts that outlast sweeps: two workers must not make the same one. */
export const slowReceiver: Fault = {
  id: 'F0',
  title: 'attempts that take longer than a sweep',
  async run({ rig: { receiver }, producer, destinations }) {
    receiver.script = (_received, earlier) => ({ status: 200, afterMs: earlier === 0 ? ATTEMPT_MS : 0 });
    await producer.burst(MAX_IN_FLIGHT, MAX_IN_FLIGHT);
    const isDone = () =>
      receiver.records.length >= MAX_IN_FLIGHT * destinations.length &&
      receiver.records.every(({ takenAt }) => takenAt !== null);
    await waitFor(isDone, { what: 'the answers to slow attempts', timeoutMs: 20_000 });
    return { duplicates: 0 };
  },
};
