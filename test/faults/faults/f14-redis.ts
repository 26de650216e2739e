import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { call } from '../harness/call.js';
import { startRedis } from '../../support/redis.js';
import { waitFor } from '../../support/wait-for.js';
import type { Fault } from '../harness/fault.js';
import type { Round } from '../harness/round.js';
import { checkLatest, latest } from '../harness/timing.js';

const LATE_MS = 2000;
const BACK_MS = 15_000;

/** Redis dies, is wiped, freezes, is full, and is not there at the start. Nobody who sends notices. */
export const redisFaults: Fault = {
  id: 'F14',
  title: 'Redis: kill, FLUSHALL, freeze, full, absent at boot',
  rig: { redis: true },
  async run(round, { times, slackMs, isShort }) {
    const { producer } = round;
    producer.run(60);
    await killed(round);
    const restart = await absentAtBoot(round);
    await flushed(round, isShort ? 2 : times);
    await frozen(round, isShort ? 1500 : 5000);
    await full(round);
    await producer.finish();
    await round.drain();
    // While the processes are started again nobody accepts; that is no fault of Redis.
    const refused = producer.answers.filter(
      ({ what, at }) => what !== 202 && !(at > restart.from && at < restart.to),
    );
    round.check(refused.length === 0, `${refused.length} answers were not 202, such as ${refused[0]?.what}`);
    const late = latest(
      round,
      round.rig.workers.flatMap(({ starts }) => starts),
    );
    round.note(`latest delivery ${late.ms} ms after its acknowledgement`);
    await checkLatest(round, late, LATE_MS + slackMs);
    return { duplicates: 0 };
  },
};

async function killed(round: Round): Promise<void> {
  const { rig } = round;
  await rig.redis!.kill();
  await limitIsLocal(round);
  await back(round);
}

async function absentAtBoot(round: Round) {
  const from = performance.now();
  const { rig, producer } = round;
  await rig.redis!.kill();
  await rig.restart();
  const to = performance.now();
  const accepted = producer.accepted;
  await waitFor(() => producer.accepted > accepted + 20, { what: 'accepting without Redis' });
  await back(round);
  return { from, to };
}

async function flushed(round: Round, times: number): Promise<void> {
  const redis = new Redis(round.rig.redis!.url);
  for (let time = 0; time < times; time++) {
    await redis.flushall();
    await sleep(times > 2 ? 3000 : 700);
  }
  redis.disconnect();
}

async function frozen(round: Round, ms: number): Promise<void> {
  await round.rig.redis!.kill('SIGSTOP');
  await sleep(ms);
  await round.rig.redis!.kill('SIGCONT');
  await queueIsBack(round);
}

async function full(round: Round): Promise<void> {
  const redis = new Redis(round.rig.redis!.url);
  await redis.config('SET', 'maxmemory', '1');
  await sleep(1500);
  await redis.config('SET', 'maxmemory', '0');
  redis.disconnect();
}

/** Starts Redis where it was; the processes have to find it by themselves. */
async function back(round: Round): Promise<void> {
  round.rig.redis = await startRedis(round.rig.redis!.port);
  await queueIsBack(round);
}

async function queueIsBack({ rig }: Round): Promise<void> {
  await waitFor(async () => (await call(rig.urls[0]!, 'GET', '/health/ready')).body.checks?.queue === 'ok', {
    timeoutMs: BACK_MS,
    what: 'the queue being back',
  });
}

/** Without Redis each API keeps the limit by itself: never more than its number of processes times the limit. */
async function limitIsLocal(round: Round): Promise<void> {
  const { rig } = round;
  const account = (await round.api('POST', '/accounts', { account_name: 'Limited' })).body;
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      call(rig.urls[index % 2]!, 'POST', '/api/server/incoming_data', {
        body: {},
        headers: { 'cl-x-token': account.app_secret_token },
      }),
    ),
  );
  const accepted = answers.filter(({ status }) => status === 202).length;
  const limited = answers.filter(({ status }) => status === 429).length;
  round.check(
    accepted > 0 && accepted <= 2 * 5 * 2,
    `${accepted} of 30 were accepted at 5 per second and process`,
  );
  round.check(limited === 30 - accepted, `${30 - accepted - limited} of 30 were neither 202 nor 429`);
}
