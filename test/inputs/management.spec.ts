import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
} from '../support/factories.js';
import {
  ACCOUNT,
  type ManagementCase,
  anonymousCases,
  bystanderCases,
  bodyCases,
  fieldCases,
  pathCases,
  queryCases,
} from './corpus/management.js';
import { type Operation, type OpenApi, operationsOf } from './corpus/operations.js';
import { BAD_AUTHORIZATIONS, STALE_TAGS } from './corpus/paths.js';
import { Client } from './oracle/client.js';
import { type Answer, faultsOf, problemOf } from './oracle/problems.js';
import { readTables } from './oracle/rows.js';
import { runAll } from './oracle/run-all.js';

const HEADERS = { 'X-Secret': 'a-header-value-that-is-a-secret' };
const SHOWN = 20;
const LONG_MS = 60_000;
const EXPORT = 'exportLogs';
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'LOCK'];

let app: TestApp;
let client: Client;
let admin: TestUser;
let account: TestAccount;
let operations: Operation[];
let ids: Record<string, string>;
let secrets: string[];
let total = 0;

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  client = new Client(app.url);
  admin = await registerAdmin(app);
  account = await createAccount(app, admin);
  const user = await registerUser(app);
  const member = await addMember(app, admin, account, user, 'User');
  const destination = await createDestination(app, admin, account, {
    url: 'http://127.0.0.1:9/',
    headers: HEADERS,
  });
  const headers = { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': 'event-1' };
  await app.call('POST', '/server/incoming_data', { body: { a: 1 }, headers });
  ids = {
    accountId: account.id,
    memberId: member.id,
    destinationId: destination.id,
    eventId: 'event-1',
    id: account.id,
  };
  const { signing_secret } = (
    await app.call('GET', `/accounts/${account.id}/destinations/${destination.id}/secret`, {
      token: admin.token,
    })
  ).body;
  secrets = [
    account.app_secret_token,
    admin.token,
    admin.refreshToken,
    signing_secret,
    HEADERS['X-Secret'],
    admin.password,
  ];
  operations = operationsOf((await app.call('GET', '/openapi.json')).body as OpenApi);
});

afterAll(async () => {
  await client?.close();
  await app?.close();
});

const pathOf = ({ operation, path = operation.path, query }: ManagementCase): string => {
  const filled = path.replace(
    /\{(\w+)\}/g,
    (_, name: string) => ids[name] ?? '01920000-0000-7000-8000-000000000000',
  );
  return query === undefined ? filled : `${filled}?${query}`;
};

/** Whether an id of the path is of a kind this file knows; unknown ones are 404 before anything else is looked at. */
const isReachable = ({ path }: Operation): boolean =>
  [...path.matchAll(/\{(\w+)\}/g)].every(([, name]) => Object.hasOwn(ids, name!));

function send(one: ManagementCase): Promise<Answer> {
  const { operation, body, contentType = 'application/json', headers, isAnonymous } = one;
  return client.send({
    method: operation.method,
    path: pathOf(one),
    headers: {
      ...(body === undefined ? {} : { 'content-type': contentType }),
      ...(isAnonymous || operation.isPublic ? {} : { authorization: `Bearer ${admin.token}` }),
      ...headers,
    },
    body: typeof body === 'string' ? body.replaceAll(ACCOUNT, account.id) : body,
  });
}

const namesOf = (answer: Answer): string[] => problemOf(answer).errors.map((error) => error.field);

async function check(one: ManagementCase): Promise<string[]> {
  const answer = await send(one);
  if (one.status === 200 && answer.status === 200) return [];
  const faults = faultsOf(answer, secrets);
  if (faults.length > 0) return faults;
  if (answer.status === 404 && !isReachable(one.operation)) return [];
  // An operation may ask for a parameter that the case does not send; what it sends must not be the reason.
  if (one.status === 200 && answer.status === 400)
    return namesOf(answer).includes(one.field!) ? ['is refused'] : [];
  if (answer.status !== one.status)
    return [`answered ${answer.status} instead of ${one.status}: ${answer.body.toString()}`];
  const { field } = one;
  if (field === undefined) return [];
  const named = namesOf(answer);
  return named.some((name) => name === field || name.startsWith(`${field}.`))
    ? []
    : [`names ${JSON.stringify(named)}`];
}

/** Nothing of what is refused may leave a trace. */
async function expectRefused(cases: ManagementCase[], atOnce?: number): Promise<void> {
  total += cases.length;
  const before = await readTables(app.dataSource);
  expect((await runAll(cases, check, atOnce)).slice(0, SHOWN)).toEqual([]);
  expect(await readTables(app.dataSource)).toEqual(before);
}

describe('every operation of the OpenAPI document', () => {
  it(
    'refuses fields that are wrong, foreign or missing, by name',
    async () => {
      await expectRefused(operations.flatMap(fieldCases));
    },
    LONG_MS,
  );

  it(
    'refuses bodies that are no JSON object in UTF-8',
    async () => {
      await expectRefused(operations.flatMap(bodyCases));
    },
    LONG_MS,
  );

  it(
    'refuses parameters that are wrong, foreign or repeated, by name',
    async () => {
      await expectRefused(operations.filter(({ id }) => id !== EXPORT).flatMap(queryCases));
      // Few at a time: more exports are put off with 503.
      await expectRefused(operations.filter(({ id }) => id === EXPORT).flatMap(queryCases), 2);
    },
    LONG_MS,
  );

  it('minds no header that means nothing to it', async () => {
    // Few at a time: counting sheds load with 503.
    await expectRefused(operations.filter(({ id }) => id !== EXPORT).flatMap(bystanderCases), 8);
    await expectRefused(operations.filter(({ id }) => id === EXPORT).flatMap(bystanderCases), 2);
  });

  it(
    'finds nothing by ids that are none',
    async () => {
      await expectRefused(operations.flatMap(pathCases));
    },
    LONG_MS,
  );

  it('tells who is not signed in so, whatever else is wrong', async () => {
    await expectRefused(operations.flatMap(anonymousCases));
  });

  it('takes no Authorization that is not a good one', async () => {
    const cases = operations
      .filter(({ isPublic }) => !isPublic)
      .flatMap((operation) =>
        BAD_AUTHORIZATIONS.map((value, index): ManagementCase => ({
          name: `${operation.id} ${value.slice(0, 60)}`,
          operation,
          status: 401,
          isAnonymous: true,
          headers: {
            authorization: value.replaceAll(
              '<token>',
              index % 2 === 0 ? admin.token : admin.token.slice(0, -1),
            ),
          },
        })),
      );
    await expectRefused(cases);
  });

  it('answers methods it does not take with 405 and names those it does', async () => {
    const paths = [...new Set(operations.map(({ path }) => path))];
    const cases = paths.flatMap((path) => {
      const allowed = operations.filter((operation) => operation.path === path).map(({ method }) => method);
      return METHODS.filter((method) => !allowed.includes(method)).map((method) => ({
        name: `${method} ${path}`,
        method,
        path,
        allowed,
      }));
    });
    total += cases.length;
    const before = await readTables(app.dataSource);
    const findings = await runAll(cases, async ({ method, path, allowed }) => {
      const answer = await client.send({
        method,
        path: path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'x'),
      });
      if (answer.status !== 405) return [`answered ${answer.status}`];
      const named = answer.headers['allow']?.split(', ') ?? [];
      return [
        ...faultsOf(answer, secrets),
        ...allowed.filter((one) => !named.includes(one)).map((one) => `does not allow ${one}`),
      ];
    });
    expect(findings).toEqual([]);
    expect(await readTables(app.dataSource)).toEqual(before);
  });

  it('of a change is not met by an If-Match that is stale or is none', async () => {
    const cases = operations
      .filter(({ id }) => id === 'updateDestination' || id === 'patchDestination')
      .flatMap((operation) =>
        STALE_TAGS.map((tag): ManagementCase => ({
          name: `${operation.id} If-Match: ${tag.slice(0, 40)}`,
          operation,
          status: 412,
          body: '{"description":"x"}',
          headers: { 'if-match': tag },
        })),
      );
    expect(cases.length).toBeGreaterThan(0);
    await expectRefused(cases);
  });

  it('has more than 4,000 cases in all', async ({ annotate }) => {
    await annotate(`${total} cases for ${operations.length} operations`);
    expect(total).toBeGreaterThan(4000);
  });
});
