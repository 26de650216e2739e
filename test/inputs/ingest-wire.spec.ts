import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, createAccount, registerAdmin, unlimited } from '../support/factories.js';
import { framing } from './corpus/framing.js';
import type { HeaderCase } from './corpus/header-case.js';
import { ingestHeaders } from './corpus/ingest-headers.js';
import { bodiesAtLimit } from './corpus/limits.js';
import { Client } from './oracle/client.js';
import { type Answer, faultsOf } from './oracle/problems.js';
import { readTables } from './oracle/rows.js';
import { runAll } from './oracle/run-all.js';

let app: TestApp;
let client: Client;
let account: TestAccount;

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  client = new Client(app.url);
  const admin = await registerAdmin(app);
  account = await createAccount(app, admin);
  await unlimited(app, admin, account);
});

afterAll(async () => {
  await client?.close();
  await app?.close();
});

const onWire = (text: string): Buffer =>
  Buffer.from(text.replaceAll('<token>', account.app_secret_token), 'latin1');

/** What is wrong with the answers of a connection, given the statuses they should have. */
function judge(answers: Answer[], statuses: number[]): string[] {
  const got = answers.map(({ status }) => status);
  if (got.join() !== statuses.join()) return [`answered [${got.join()}] instead of [${statuses.join()}]`];
  return answers.flatMap((answer) =>
    answer.status < 400 ? [] : faultsOf(answer, [account.app_secret_token]),
  );
}

async function countEvents(): Promise<number> {
  const [{ n }] = await app.dataSource.query('SELECT count(*)::int AS n FROM events');
  return n;
}

async function sendHeaders({ lines, status, eventId }: HeaderCase, index: number): Promise<string[]> {
  // Bodies that differ keep two cases with one event id from being the same event.
  const body = `{"case":${index}}`;
  const head = [
    'POST /api/server/incoming_data HTTP/1.1',
    'Host: x',
    ...lines,
    `Content-Length: ${body.length}`,
  ];
  const answers = await client.exchange([onWire(`${head.join('\r\n')}\r\n\r\n`), body], 1);
  const faults = judge(answers, [status]);
  if (faults.length > 0 || eventId === undefined) return faults;
  const stored = (JSON.parse(answers[0]!.body.toString()) as { event_id: string }).event_id;
  return stored === eventId ? [] : [`its event id became ${stored}`];
}

describe('headers of the corpus', () => {
  const classes = Object.entries(ingestHeaders());
  it.each(classes.map(([kind, cases]) => [kind, cases.length, cases] as const))(
    '%s: %i requests are answered as they should be; each that is refused stores nothing',
    async (_, __, cases) => {
      const refused = cases.filter(({ status }) => status !== 202);
      const accepted = cases.filter(({ status }) => status === 202);
      const before = await readTables(app.dataSource);
      expect(await runAll(refused, sendHeaders)).toEqual([]);
      expect(await readTables(app.dataSource)).toEqual(before);
      const events = await countEvents();
      expect(await runAll(accepted, sendHeaders)).toEqual([]);
      expect(await countEvents()).toBe(events + accepted.length);
    },
  );
});

describe('connections of the corpus', () => {
  it.each(Object.entries(framing()).map(([kind, cases]) => [kind, cases.length, cases] as const))(
    '%s: %i are answered as they should be, and only what is accepted is stored',
    async (_, __, cases) => {
      const before = await countEvents();
      expect(
        await runAll(cases, async ({ wire, answers, isCut }) =>
          judge(await client.exchange([onWire(wire)], answers.length, isCut), answers),
        ),
      ).toEqual([]);
      expect(await countEvents()).toBe(before + cases.reduce((sum, { stored }) => sum + stored, 0));
    },
  );

  it('a connection that is cut while a body arrives stores nothing', async () => {
    const before = await readTables(app.dataSource);
    const head =
      'POST /api/server/incoming_data HTTP/1.1\r\nHost: x\r\nCL-X-TOKEN: <token>\r\nContent-Type: application/json\r\n';
    const wire = onWire(`${head}Content-Length: 50\r\n\r\n{"a":1}`);
    await Promise.all(Array.from({ length: 20 }, () => client.exchange([wire], 1, true)));
    expect(await readTables(app.dataSource)).toEqual(before);
  });
});

describe('the largest body', () => {
  it.each(bodiesAtLimit())('$name is answered with $status', async ({ head, chunks, status }) => {
    const before = await countEvents();
    const answers = await client.exchange([onWire(head), ...chunks], 1);
    expect(judge(answers, [status])).toEqual([]);
    expect(await countEvents()).toBe(before + (status === 202 ? 1 : 0));
    if (status === 413) expect(answers[0]!.headers['connection']).toBe('close');
  });
});
