import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../harness/fault.js';
import { checkLatest, latest } from '../harness/timing.js';

const BLOCK_MS = 5000;
const TWO_HOURS_MS = 2 * 3_600_000;
const LATE_MS = 2000;

/** Attempts and leases longer than the block, as the defaults are. */
const patient = { DELIVERY_TIMEOUT_MS: '8000', LEASE_SECONDS: '12' };

/** A worker computes for 5 s; its leases last longer, so nobody takes over what it has. */
export const blockWorker: Fault = {
  id: 'F17',
  title: "worker's event loop blocked 5 s, clocks two hours off",
  rig: { env: patient },
  async run(round, { slackMs }) {
    const { rig, producer, random } = round;
    rig.receiver.script = () => ({ status: 200, afterMs: 100 });
    producer.run(60);
    for (const worker of rig.workers) {
      await sleep(1000);
      worker.block(BLOCK_MS);
      await sleep(BLOCK_MS + 1000);
    }
    await producer.finish();
    await round.drain();
    // One clock is two hours ahead and one behind; what decides is the clock of the database.
    const [early, late] = random.next() < 0.5 ? [-TWO_HOURS_MS, TWO_HOURS_MS] : [TWO_HOURS_MS, -TWO_HOURS_MS];
    await rig.restart();
    for (const [each, offset] of [
      [rig.apis[0]!, early],
      [rig.workers[0]!, late],
    ] as const) {
      await rig.stopGracefully(each);
      each.env = { ...each.env, FAULT_CLOCK_OFFSET_MS: String(offset) };
      await each.start();
    }
    const from = performance.now();

    rig.receiver.script = (_received, earlier) => ({ status: earlier < 2 ? 500 : 200 });
    producer.run(60);
    await sleep(4000);
    await producer.finish();
    await round.drain();
    const worst = latest(round, [], from);
    round.note(`with wrong clocks and two retries the latest delivery came after ${worst.ms} ms`);
    // Two retries of 300 ms each, each found by the next sweep at the latest.
    await checkLatest(round, worst, 3 * LATE_MS + slackMs);
    return { duplicates: 0 };
  },
};
