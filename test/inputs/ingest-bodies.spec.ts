import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
  unlimited,
} from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';
import { bodyClasses } from './corpus/bodies.js';
import type { BodyCase } from './corpus/case.js';
import { Client } from './oracle/client.js';
import { isAcceptable } from './oracle/json-grammar.js';
import { faultsOf, problemOf } from './oracle/problems.js';
import { readTables } from './oracle/rows.js';
import { runAll } from './oracle/run-all.js';

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'];

let app: TestApp;
let client: Client;
let receiver: Receiver;
let admin: TestUser;
/** One for each method, so that each carries a part of the bodies. */
let accounts: TestAccount[];
let count = 0;

beforeAll(async () => {
  app = await createTestApp({ DELIVERY_TIMEOUT_MS: '20000' });
  client = new Client(app.url);
  receiver = await startReceiver();
  admin = await registerAdmin(app);
  accounts = [];
  for (const http_method of METHODS) {
    const account = await createAccount(app, admin);
    await unlimited(app, admin, account);
    await createDestination(app, admin, account, { url: receiver.url, http_method, max_in_flight: 500 });
    accounts.push(account);
  }
});

afterAll(async () => {
  await client?.close();
  await app?.close();
  await receiver?.close();
});

const send = (body: Buffer, id: string, account: TestAccount) =>
  client.send({
    method: 'POST',
    path: '/api/server/incoming_data',
    headers: {
      'cl-x-token': account.app_secret_token,
      'cl-x-event-id': id,
      'content-type': 'application/json',
    },
    body,
  });

async function refuse({ body }: BodyCase): Promise<string[]> {
  const account = accounts[count % METHODS.length]!;
  const answer = await send(body, `refused-${count++}`, account);
  if (answer.status !== 400) return [`answered ${answer.status}`];
  const faults = faultsOf(answer, [account.app_secret_token]);
  if (faults.length > 0) return faults;
  const { errors } = problemOf(answer);
  return errors[0]?.field === 'body' ? [] : ['it does not name the body'];
}

/** Sends the bodies and returns what did not arrive as it was sent. */
async function deliver(cases: BodyCase[]): Promise<string[]> {
  receiver.requests.length = 0;
  const sent = new Map<string, { one: BodyCase; method: string }>();
  const findings = await runAll(cases, async (one) => {
    const turn = count++ % METHODS.length;
    const id = `accepted-${count}`;
    const answer = await send(one.body, id, accounts[turn]!);
    if (answer.status !== 202) return [`answered ${answer.status} ${answer.body.toString()}`];
    sent.set(id, { one, method: METHODS[turn]! });
    return [];
  });
  await waitFor(() => receiver.requests.length >= sent.size, { timeoutMs: 20_000, what: 'every delivery' });
  for (const { headers, method, body } of receiver.requests) {
    const original = sent.get(String(headers['cl-x-event-id']));
    if (!original?.one.body.equals(body)) findings.push(`${original?.one.name}: arrived with other bytes`);
    if (original?.method !== method) findings.push(`${original?.one.name}: arrived by ${method}`);
    sent.delete(String(headers['cl-x-event-id']));
  }
  return [...findings, ...[...sent.values()].map(({ one }) => `${one.name}: did not arrive`)];
}

describe('bodies of the corpus', () => {
  const classes = Object.entries(bodyClasses()).map(([kind, cases]) => ({
    kind,
    refused: cases.filter(({ body }) => !isAcceptable(body)),
    accepted: cases.filter(({ body }) => isAcceptable(body)),
  }));

  it.each(classes.map(({ kind, refused }) => [kind, refused.length, refused] as const))(
    '%s: %i are refused with 400, and nothing is stored',
    async (_, __, refused) => {
      const before = await readTables(app.dataSource);
      expect(await runAll(refused, refuse)).toEqual([]);
      expect(await readTables(app.dataSource)).toEqual(before);
    },
    60_000,
  );

  it.each(classes.map(({ kind, accepted }) => [kind, accepted.length, accepted] as const))(
    '%s: %i are accepted and arrive byte for byte',
    async (_, __, accepted) => {
      expect(await deliver(accepted)).toEqual([]);
    },
    60_000,
  );

  it('become a query or are refused with a reason where the destination takes GET', async () => {
    const account = await createAccount(app, admin);
    await unlimited(app, admin, account);
    await createDestination(app, admin, account, {
      url: receiver.url,
      http_method: 'GET',
      max_in_flight: 500,
    });
    receiver.requests.length = 0;
    const bodies = classes.flatMap(({ accepted }) => accepted).filter(({ body }) => body.length < 20_000);
    const answers = await runAll(bodies, async ({ body }) => {
      const { status } = await send(body, `get-${count++}`, account);
      return status === 202 ? [] : [`answered ${status}`];
    });
    expect(answers).toEqual([]);
    const ended = await waitFor(
      async () => {
        const rows: { status: string; error: string | null; n: number }[] = await app.dataSource.query(
          `SELECT status, last_error AS error, count(*)::int AS n FROM finished_deliveries WHERE account_id = $1 GROUP BY 1, 2`,
          [account.id],
        );
        return rows.reduce((sum, { n }) => sum + n, 0) === bodies.length && rows;
      },
      { timeoutMs: 30_000, what: 'the end of every delivery' },
    );
    const sent = ended.filter(({ status }) => status === 'success').reduce((sum, { n }) => sum + n, 0);
    expect(receiver.requests).toHaveLength(sent);
    expect(receiver.requests.filter(({ method, body }) => method !== 'GET' || body.length > 0)).toEqual([]);
    const reasons = ended.filter(({ status }) => status !== 'success').map(({ error }) => error);
    expect(reasons).toEqual([expect.stringContaining('longer than 6 KiB')]);
  }, 60_000);
});
