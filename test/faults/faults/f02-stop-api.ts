import { setTimeout as sleep } from 'node:timers/promises';
import { Balancer } from '../harness/balancer.js';
import type { Fault } from '../harness/fault.js';
import type { Round } from '../harness/round.js';

/** SIGTERM to one API after the other, behind a proxy: whoever sends does not notice. */
export const stopApi: Fault = {
  id: 'F2',
  title: 'SIGTERM API under load, two behind a proxy',
  rig: { env: { SHUTDOWN_DELAY_MS: '500' } },
  async run(round, { times }) {
    await behindProxy(round, async () => {
      round.producer.run(150);
      for (let time = 0; time < times * 2; time++) {
        await sleep(round.random.integer(300, 900));
        await restartOne(round, round.rig.apis[time % 2]!);
      }
    });
    return { duplicates: 0 };
  },
};

/** Everything is restarted in turns while events come in. */
export const rollingRestart: Fault = {
  id: 'F21',
  title: 'rolling restart of everything at 200 events/s',
  rig: { env: { SHUTDOWN_DELAY_MS: '500' } },
  async run(round, { times }) {
    await behindProxy(round, async () => {
      round.producer.run(200);
      for (let time = 0; time < times * 2; time++)
        for (const each of round.rig.processes) await restartOne(round, each);
    });
    return { duplicates: 0 };
  },
};

async function restartOne({ rig }: Round, each: Round['rig']['processes'][number]): Promise<void> {
  await rig.stopGracefully(each);
  await each.start();
}

async function behindProxy(round: Round, work: () => Promise<void>): Promise<void> {
  const balancer = new Balancer(round.rig.urls);
  await balancer.start();
  round.producer.targets = () => [balancer.url];
  await work();
  await round.producer.finish();
  await balancer.stop();
  const failed = round.producer.answers.filter(({ what }) => what !== 202).map(({ what }) => what);
  const kinds = [...new Set(failed)].map(
    (kind) => `${kind} (${failed.filter((what) => what === kind).length})`,
  );
  round.check(failed.length === 0, `${failed.length} requests failed: ${kinds.join(', ')}`);
}
