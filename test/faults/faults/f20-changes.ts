import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../support/wait-for.js';
import { call } from '../harness/call.js';
import type { Fault } from '../harness/fault.js';
import type { Destination, Round } from '../harness/round.js';

const HEARD_MS = 1000;

/** Destinations are deleted, paused and edited and the token is rotated while deliveries wait for a slow receiver. */
export const changes: Fault = {
  id: 'F20',
  title: 'destination deleted, paused, edited; token rotated',
  round: { destinations: 4, maxInFlight: 2 },
  async run(round, { slackMs }) {
    const { rig, producer, destinations } = round;
    producer.options.fanOut = null;
    rig.receiver.script = () => ({ status: 200, afterMs: 100 });
    producer.run(40);
    await sleep(2500);
    const [deleted, paused, edited] = destinations as [Destination, Destination, Destination];
    await ends(round, deleted, HEARD_MS + slackMs, () => remove(round, deleted));
    await ends(round, paused, HEARD_MS + slackMs, () => change(round, paused, 'POST', '/pause'));
    const moved = { ...edited, path: `${edited.path}-moved` };
    destinations.push(moved);
    const url = rig.receiver.origin + moved.path;
    await ends(round, edited, HEARD_MS + slackMs, () => change(round, edited, 'PATCH', '', { url }));
    await rotate(round, slackMs);
    await sleep(500);
    await producer.finish();
    rig.receiver.script = () => ({ status: 200 });
    await reconciles(round);
    await change(round, paused, 'POST', '/resume');
    return { duplicates: 0, statuses: ['success', 'cancelled'], mayEndUndelivered: true };
  },
};

/** Nothing starts for the destination later than `withinMs` after the answer to `act`. */
async function ends(
  round: Round,
  { path }: Destination,
  withinMs: number,
  act: () => Promise<void>,
): Promise<void> {
  await act();
  const answeredAt = performance.now();
  await sleep(withinMs + 1500);
  const late = round.rig.receiver.records.filter(
    ({ destination, at }) => destination === path && at > answeredAt + withinMs,
  );
  round.check(
    late.length === 0,
    `${late.length} attempts to ${path} started more than ${withinMs} ms after its change`,
  );
}

async function remove(round: Round, destination: Destination): Promise<void> {
  await change(round, destination, 'DELETE', '');
}

async function change(round: Round, { id }: Destination, method: string, action: string, body?: object) {
  const path = `/accounts/${round.accountId}/destinations/${id}${action}`;
  const answer = await round.api(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path} was answered ${answer.status}`);
}

/** The old token stops everywhere at once, and the producer goes on with the new one. */
async function rotate(round: Round, slackMs: number): Promise<void> {
  const { rig, producer } = round;
  const old = round.accountToken;
  const { body } = await round.api('POST', `/accounts/${round.accountId}/rotate-token`, { grace_seconds: 5 });
  producer.token = body.app_secret_token;
  rig.watch.addSecret(producer.token);
  await sleep(5000);
  for (const url of rig.urls)
    await waitFor(
      async () =>
        (await call(url, 'POST', '/api/server/incoming_data', { body: {}, headers: { 'cl-x-token': old } }))
          .status === 401,
      { timeoutMs: HEARD_MS + slackMs, what: 'the end of the old token' },
    );
}

/** delivered + cancelled + failed + held = created, whatever happened in between. */
async function reconciles(round: Round): Promise<void> {
  const counts = async () =>
    (
      await round.rig.database.query<Record<string, number>>(
        `SELECT (SELECT coalesce(sum(cardinality(destination_ids)), 0)::integer FROM events WHERE account_id = $1) AS created,
           (SELECT count(*)::integer FROM finished_deliveries WHERE account_id = $1) AS ended,
           (SELECT count(*)::integer FROM deliveries WHERE account_id = $1 AND status = 'held') AS held,
           (SELECT count(*)::integer FROM deliveries WHERE account_id = $1 AND status <> 'held') AS open`,
        [round.accountId],
      )
    )[0]!;
  await waitFor(async () => (await counts()).open === 0, {
    timeoutMs: 60_000,
    what: 'only held deliveries being left',
  });
  const { created, ended, held } = await counts();
  round.note(`created ${created} = ended ${ended} + held ${held}`);
  round.check(created === ended! + held!, `${created} were created, but ${ended} ended and ${held} are held`);
  round.check(held! > 0, 'nothing was held for the paused destination');
}
