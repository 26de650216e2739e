import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../support/wait-for.js';
import { mayRepeat } from '../harness/bounds.js';
import { call } from '../harness/call.js';
import type { Fault } from '../harness/fault.js';
import type { Round } from '../harness/round.js';

const BACK_MS = 5000;
const ANSWER_MS = 3000;

export const restartDatabase: Fault = {
  id: 'F8',
  title: 'fast restart of PostgreSQL',
  async run(round, { times, slackMs }) {
    const { rig, producer } = round;
    let bound = 0;
    producer.run(100);
    for (let time = 0; time < times; time++) {
      await sleep(1000);
      bound += mayRepeat(round, rig.workers.length);
      await rig.database.restart();
      await acceptsAgain(round, BACK_MS + slackMs);
    }
    await producer.finish();
    onlyAccepted(round);
    return { duplicates: bound };
  },
};

export const freezeDatabase: Fault = {
  id: 'F9',
  title: 'freeze PostgreSQL 10 s',
  async run(round, { slackMs, isShort }) {
    const { rig, producer } = round;
    const cold = (await round.api('POST', '/accounts', { account_name: 'Cold' })).body.app_secret_token;
    producer.run(100);
    await sleep(1000);
    const before = await connections(round);
    const bound = mayRepeat(round, rig.workers.length);
    rig.database.signalAll('SIGSTOP');
    const startedAt = performance.now();
    const { status } = await call(rig.urls[1]!, 'POST', '/api/server/incoming_data', {
      body: {},
      headers: { 'cl-x-token': cold },
    });
    const coldMs = performance.now() - startedAt;
    round.check(status === 503, `an account that nothing was known of was answered ${status}`);
    round.check(coldMs <= ANSWER_MS + slackMs, `it was answered after ${Math.round(coldMs)} ms`);
    await sleep(isShort ? 3000 : 10_000 - coldMs);
    rig.database.signalAll('SIGCONT');
    await acceptsAgain(round, BACK_MS + slackMs);
    await producer.finish();
    onlyAccepted(round);
    answeredWithin(round, ANSWER_MS + slackMs);
    await round.drain();
    const after = await connections(round);
    round.note(`${before} connections before, ${after} after`);
    round.check(
      after <= before + 10,
      `there were ${before} connections to the database before, ${after} after`,
    );
    return { duplicates: bound };
  },
};

export const terminateBackends: Fault = {
  id: 'F10',
  title: 'terminate all backends',
  async run(round, { times, slackMs }) {
    const { rig, producer } = round;
    let bound = 0;
    producer.run(100);
    for (let time = 0; time < times * 2; time++) {
      await sleep(700);
      bound += mayRepeat(round, rig.workers.length);
      await rig.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      await acceptsAgain(round, BACK_MS + slackMs);
    }
    await producer.finish();
    onlyAccepted(round);
    return { duplicates: bound };
  },
};

/** Others have taken every connection, also those that the product had. */
export const exhaustConnections: Fault = {
  id: 'F13',
  title: 'connections exhausted',
  rig: { databaseSettings: { max_connections: '80' } },
  async run(round, { slackMs }) {
    const { rig, producer } = round;
    producer.run(60);
    await sleep(1000);
    const bound = mayRepeat(round, rig.workers.length);
    const taken = await takeAll(round);
    await sleep(5000);
    const refused = producer.answers.filter(({ what }) => what === 503).length;
    await Promise.all(taken.map((client) => client.end()));
    await acceptsAgain(round, BACK_MS + slackMs);
    await producer.finish();
    onlyAccepted(round);
    round.check(refused > 0, 'no answer was 503: there were connections left');
    round.note(`${taken.length} connections taken, ${refused} answers were 503`);
    return { duplicates: bound };
  },
};

async function takeAll({ rig }: Round) {
  const clients = [await rig.database.connect()];
  // Each of the product's that is ended makes place for one of ours, which is faster.
  for (let isFull = false; !isFull || clients.length < 70;) {
    await clients[0]!.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'data-pusher%'`,
    );
    try {
      while (clients.length < 80) clients.push(await rig.database.connect());
    } catch {
      isFull = true;
    }
    if (clients.length >= 80) break;
  }
  return clients;
}

export async function acceptsAgain({ producer }: Round, withinMs: number): Promise<void> {
  const accepted = producer.accepted;
  await waitFor(() => producer.accepted > accepted, { timeoutMs: withinMs, what: 'accepting again' });
}

/** Whatever was away, producers hear 202, 200 for what was stored already, or 503. */
export function onlyAccepted(round: Round): void {
  const odd = round.producer.answers.filter(({ what }) => ![200, 202, 503].includes(what as number));
  round.check(odd.length === 0, `${odd.length} answers were neither 202 nor 503, such as ${odd[0]?.what}`);
}

/** By the clock of the APIs: on a busy machine a producer in this very process may see its answers late. */
export function answeredWithin(round: Round, ms: number): void {
  const slowest = Math.round(round.rig.watch.slowestAnswerMs);
  const seen = Math.round(Math.max(...round.producer.answers.map((answer) => answer.ms)));
  round.note(`slowest answer ${slowest} ms, ${seen} ms as the producer saw it`);
  round.check(slowest <= ms, `the slowest answer took ${slowest} ms, at most ${ms} are allowed`);
}

async function connections({ rig }: Round): Promise<number> {
  const [row] = await rig.database.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM pg_stat_activity WHERE application_name LIKE 'data-pusher%'`,
  );
  return row!.count;
}
