import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  registerAdmin,
  unlimited,
} from '../support/factories.js';
import { type Input, httpRequests, managementBodies, mutatedDocuments } from './corpus/mutations.js';
import { Client } from './oracle/client.js';
import { isAcceptable } from './oracle/json-grammar.js';
import { type Answer, faultsOf } from './oracle/problems.js';
import { runAll } from './oracle/run-all.js';

/** The same in every run, CI included; FUZZ_SEED and FUZZ_RUNS look further. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_125);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);
const LONG_MS = 60_000 + RUNS * 50;
const REGRESSIONS = new URL('regressions/', import.meta.url);

let app: TestApp;
let client: Client;
let admin: TestUser;
let account: TestAccount;

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  client = new Client(app.url);
  admin = await registerAdmin(app);
  account = await createAccount(app, admin);
  await unlimited(app, admin, account);
});

afterAll(async () => {
  await client?.close();
  await app?.close();
});

async function countEvents(): Promise<number> {
  const [{ n }] = await app.dataSource.query('SELECT count(*)::int AS n FROM events');
  return n;
}

const secrets = () => [account.app_secret_token, admin.token, admin.refreshToken];

/** Nothing wrong: an answer below 400, or a problem that says nothing secret. */
const judge = (answer: Answer): string[] =>
  answer.status >= 200 && answer.status < 400 ? [] : faultsOf(answer, secrets());

/** What each kind of input must do; each returns what is wrong. */
const rules: Record<string, (input: Buffer) => Promise<string[]>> = {
  async document(body) {
    const before = await countEvents();
    const headers = { 'cl-x-token': account.app_secret_token, 'content-type': 'application/json' };
    const answer = await client.send({ method: 'POST', path: '/api/server/incoming_data', headers, body });
    const status = isAcceptable(body) ? 202 : 400;
    const stored = (await countEvents()) - before;
    return [
      ...judge(answer),
      ...(answer.status === status ? [] : [`answered ${answer.status} instead of ${status}`]),
      ...(stored === (status === 202 ? 1 : 0) ? [] : [`${stored} events were stored`]),
    ];
  },

  async request(wire) {
    const before = await countEvents();
    const bytes = Buffer.from(
      wire.toString('latin1').replaceAll('<token>', account.app_secret_token),
      'latin1',
    );
    const answers = await client.exchange([bytes], Number.POSITIVE_INFINITY, true);
    const accepted = answers.filter(({ status }) => status === 202).length;
    const stored = (await countEvents()) - before;
    // A connection that ends may lose the answer to what is stored; an answer without its event may not be.
    return [
      ...answers.flatMap(judge),
      ...(stored >= accepted ? [] : [`${accepted} answers of 202, ${stored} events`]),
    ];
  },

  async management(text) {
    const { method, path, body } = JSON.parse(text.toString()) as {
      method: string;
      path: string;
      body: string;
    };
    const filled = path.replace('{accountId}', account.id);
    const headers = { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' };
    return judge(await client.send({ method, path: filled, headers, body }));
  },
};

/** Keeps the input that failed, so that it is tried in every run from then on. */
async function expectHolds(kind: string, inputs: fc.Arbitrary<Input>): Promise<void> {
  const property = fc.asyncProperty(inputs, async (input) => {
    const faults = await rules[kind]!(input);
    if (faults.length > 0) throw new Error(faults.join('; '));
  });
  const details = await fc.check(property, { seed: SEED, numRuns: RUNS });
  if (!details.failed) return;
  const [input] = details.counterexample ?? [];
  if (input) {
    const file = new URL(
      `${kind}-${SEED}-${details.counterexamplePath?.replaceAll(':', '-')}.json`,
      REGRESSIONS,
    );
    const regression = {
      kind,
      seed: SEED,
      path: details.counterexamplePath,
      input: input.toString('latin1'),
    };
    writeFileSync(file, `${JSON.stringify(regression, null, 2)}\n`);
  }
  throw new Error(await fc.asyncDefaultReportMessage(details));
}

describe(`${RUNS} inputs of each kind, made with the seed ${SEED}`, () => {
  it(
    'documents with damage are taken exactly where the grammar takes them',
    async () => {
      await expectHolds('document', mutatedDocuments());
    },
    LONG_MS,
  );

  it(
    'requests with damage get answers that are problems, or are accepted and stored',
    async () => {
      await expectHolds('request', httpRequests());
    },
    LONG_MS,
  );

  it(
    'fields of any JSON are taken or refused, never an error of the server',
    async () => {
      await expectHolds('management', managementBodies());
    },
    LONG_MS,
  );
});

interface Regression {
  kind: string;
  input: string;
}

describe('inputs that failed once', () => {
  const files = readdirSync(REGRESSIONS).filter((name) => name.endsWith('.json'));
  const cases = files.map((name) => ({
    name,
    ...(JSON.parse(readFileSync(new URL(name, REGRESSIONS), 'utf8')) as Regression),
  }));

  it(`${cases.length} of them hold`, async () => {
    const findings = await runAll(cases, ({ kind, input }) => rules[kind]!(Buffer.from(input, 'latin1')), 1);
    expect(findings).toEqual([]);
  });
});
