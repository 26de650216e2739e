import type { OpenAPIObject } from '@nestjs/swagger';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AccessLevel,
  type OperationId,
  accountPlaces,
  policy,
  sessionsOnly,
} from '../../src/auth/policy.js';
import { unaudited } from '../../src/auth/unaudited.js';
import { createOpenApi } from '../../src/docs/openapi.js';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
  unlimited,
} from '../support/factories.js';

/** What an operation takes; read at each call. Destructive operations get an item of their own every time. */
interface Example {
  body?: () => unknown;
  headers?: () => Promise<Record<string, string>>;
}

type Account = 'ours' | 'theirs';
type AccountTarget = Account | 'unknown' | 'malformed' | 'unnamed';

/** Where a call goes: an account, and for an item in it the account it really belongs to. */
interface Target {
  name: string;
  account: AccountTarget;
  item: AccountTarget;
}

interface Caller {
  name: string;
  user?: TestUser;
  /** Sent instead of the token of a session. */
  apiKey?: string;
  isGlobalAdmin?: boolean;
  roles: Partial<Record<Account, 'Admin' | 'User'>>;
}

const DESTINATION = { url: 'http://127.0.0.1:9/hook' };
const PASSWORD = 'Demo@123-long';

let app: TestApp;
let operations: Map<string, { method: string; path: string }>;
let document: OpenAPIObject;
let admin: TestUser;
let callers: Caller[];
let accounts: Record<Account, TestAccount>;
let counter = 0;

const newEmail = () => `matrix-${counter++}@example.com`;

/** Who may call what, once more: a change of the policy is a change of the contract. */
const contract: Record<AccessLevel, OperationId[]> = {
  public: [
    'registerUser',
    'loginUser',
    'refreshSession',
    'obtainTokenPair',
    'refreshTokenPair',
    'obtainToken',
    'receiveData',
    'receiveDataBatch',
    'checkLive',
    'checkReady',
  ],
  user: [
    'logoutUser',
    'getProfile',
    'updateProfile',
    'createApiKey',
    'listApiKeys',
    'getApiKey',
    'deleteApiKey',
    'listAccounts',
    'listAllDestinations',
    'listAllMembers',
    'listAllLogs',
  ],
  admin: [
    'listUsers',
    'getUser',
    'createUser',
    'patchUser',
    'deleteUser',
    'createAccount',
    'deleteAccount',
    'getStorage',
    'listAudit',
    'getReconciliation',
    'reconcileEvents',
  ],
  member: [
    'getAccount',
    'listMembers',
    'getMember',
    'listDestinations',
    'getDestination',
    'updateDestination',
    'patchDestination',
    'getDestinationStats',
    'getRetrySchedule',
    'listLogs',
    'exportLogs',
    'getEventLog',
    'getDestinationById',
    'updateDestinationById',
    'patchDestinationById',
    'getMemberById',
    'listDestinationLogs',
    'recordLog',
    'listReceivedEvents',
    'getReceivedEvent',
    'getAccountReconciliation',
    'reconcileAccountEvents',
  ],
  accountAdmin: [
    'replayEvent',
    'createRecovery',
    'listRecoveries',
    'getRecovery',
    'startRecovery',
    'pauseRecovery',
    'resumeRecovery',
    'cancelRecovery',
    'listAccountAudit',
    'updateAccount',
    'patchAccount',
    'rotateAccountToken',
    'createMember',
    'updateMember',
    'deleteMember',
    'createDestination',
    'deleteDestination',
    'pauseDestination',
    'resumeDestination',
    'enableDestination',
    'getDestinationSecret',
    'rotateDestinationSecret',
    'addDestination',
    'deleteDestinationById',
    'addMember',
    'updateMemberById',
    'deleteMemberById',
    'testDestination',
  ],
};

/** What makes a valid request of operations that take something, so that whoever may call them gets a 2xx. */
const examples: Partial<Record<OperationId, Example>> = {
  registerUser: { body: () => ({ email: newEmail(), password: PASSWORD }) },
  loginUser: { body: () => ({ email: admin.email, password: PASSWORD }) },
  refreshSession: { body: refreshableSession },
  logoutUser: { body: () => ({ refresh_token: 'of-no-session' }) },
  updateProfile: { body: () => ({ currentPassword: PASSWORD }) },
  createApiKey: { body: () => ({ name: `key ${counter++}`, currentPassword: PASSWORD }) },
  createUser: { body: () => ({ email: newEmail(), password: PASSWORD }) },
  patchUser: { body: () => ({ disabled: true }) },
  createAccount: { body: () => ({ account_name: 'New' }) },
  updateAccount: { body: () => ({ account_name: 'Changed' }) },
  patchAccount: { body: () => ({}) },
  rotateAccountToken: { body: () => ({ grace_seconds: 60 }) },
  createMember: { body: () => ({ email: newEmail(), role_name: 'User' }) },
  updateMember: { body: () => ({ role_name: 'Admin' }) },
  createDestination: { body: () => DESTINATION },
  updateDestination: { body: () => DESTINATION },
  patchDestination: { body: () => ({ description: 'Changed' }) },
  rotateDestinationSecret: { body: () => ({}) },
  testDestination: { body: () => ({}) },
  reconcileEvents: { body: () => ({ event_ids: ['order-1'] }) },
  reconcileAccountEvents: { body: () => ({ event_ids: ['order-1'] }) },
  addDestination: { body: () => DESTINATION },
  updateDestinationById: { body: () => DESTINATION },
  patchDestinationById: { body: () => ({ description: 'Changed' }) },
  addMember: { body: () => ({ email: newEmail(), role_name: 'User' }) },
  updateMemberById: { body: () => ({ role_name: 'Admin' }) },
  recordLog: { body: () => ({ event_id: 'order-1', status: 'success' }) },
  obtainTokenPair: { body: () => ({ username: admin.email, password: PASSWORD }) },
  refreshTokenPair: { body: async () => ({ refresh: (await refreshableSession()).refresh_token }) },
  obtainToken: { body: () => ({ email: admin.email, password: PASSWORD }) },
  replayEvent: { body: () => ({}) },
  createRecovery: { body: () => ({ filter: { from: '2026-01-01' } }) },
  receiveData: { body: () => ({}), headers: accountToken },
  receiveDataBatch: { body: () => [{ data: {} }], headers: accountToken },
};

/** A new item of an account for each path parameter, or one that belongs to no account. */
const items: Record<string, (account: TestAccount, caller: Caller, id: OperationId) => Promise<string>> = {
  apiKeyId: async (_, { user }) => (user ? (await newApiKey(user)).id : uuidv7()),
  userId: async () => (await registerUser(app)).user.id,
  destinationId: (account, _, id) => destinationFor(id, account),
  memberId: async (account) => (await addInvitation(account)).body.id,
  // With somewhere to send it, for a replay.
  eventId: async (account) => {
    await createDestination(app, admin, account, DESTINATION);
    return eventIdOf(account);
  },
  recoveryId: (account, _, id) => recoveryFor(id, account),
};

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  document = createOpenApi(app.app, app.config.version);
  operations = new Map(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, { operationId: string }>).map(
        ([method, { operationId }]) => [operationId, { method: method.toUpperCase(), path }] as const,
      ),
    ),
  );
  admin = await registerAdmin(app);
  const [stranger, theirAdmin, ourUser, ourAdmin] = await Promise.all([
    registerUser(app),
    registerUser(app),
    registerUser(app),
    registerUser(app),
  ]);
  accounts = { ours: await newAccount(ourAdmin), theirs: await newAccount(theirAdmin) };
  await addMember(app, admin, accounts.ours, ourUser, 'User');
  callers = [
    { name: 'anonymous', roles: {} },
    { name: 'stranger', user: stranger, roles: {} },
    { name: 'Admin of another account', user: theirAdmin, roles: { theirs: 'Admin' } },
    { name: 'account User', user: ourUser, roles: { ours: 'User' } },
    { name: 'account Admin', user: ourAdmin, roles: { ours: 'Admin' } },
    { name: 'Admin', user: admin, isGlobalAdmin: true, roles: { ours: 'Admin', theirs: 'Admin' } },
  ];
  for (const caller of callers.slice(-2))
    callers.push({
      ...caller,
      name: `${caller.name} by API key`,
      apiKey: (await newApiKey(caller.user!)).key,
    });
});

afterAll(() => app?.close());

/** An account with an event, of which the global Admin is no member. */
async function newAccount(accountAdmin: TestUser): Promise<TestAccount> {
  const account = await createAccount(app, admin);
  await unlimited(app, admin, account);
  await addMember(app, admin, account, accountAdmin, 'Admin');
  const { body } = await app.call('GET', `/accounts/${account.id}/members`, { token: admin.token });
  const creator = body.data.find((member: { user_id: string }) => member.user_id === admin.user.id);
  await app.call('DELETE', `/accounts/${account.id}/members/${creator.id}`, { token: admin.token });
  const received = await app.call('POST', '/server/incoming_data', {
    headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': eventIdOf(account) },
    body: {},
  });
  expect(received.status).toBe(202);
  return account;
}

async function newApiKey(user: TestUser): Promise<{ id: string; key: string }> {
  const body = { name: `key ${counter++}`, currentPassword: user.password };
  return (await app.call('POST', '/user/api-keys', { token: user.token, body })).body;
}

function eventIdOf(account: TestAccount): string {
  return `event-of-${account.id}`;
}

function addInvitation(account: TestAccount): Promise<TestAnswer> {
  const body = { email: newEmail(), role_name: 'User' };
  return app.call('POST', `/accounts/${account.id}/members`, { token: admin.token, body });
}

/** In the state that the operation changes. */
async function destinationFor(operation: OperationId, account: TestAccount): Promise<string> {
  const { id } = await createDestination(app, admin, account, DESTINATION);
  const state = { resumeDestination: 'paused', enableDestination: 'disabled' }[operation as string];
  if (state) await app.dataSource.query('UPDATE destinations SET state = $2 WHERE id = $1', [id, state]);
  return id;
}

/** Nobody delivers here, so it goes on and may be paused. */
/** One that the operation changes. */
async function recoveryFor(operation: OperationId, account: TestAccount): Promise<string> {
  const path = `/accounts/${account.id}/recoveries`;
  const body = { filter: { from: '2026-01-01' } };
  const { id } = (await app.call('POST', path, { token: admin.token, body })).body;
  const steps = { startRecovery: [], resumeRecovery: ['start', 'pause'] }[operation as string] ?? ['start'];
  for (const step of steps) await app.call('POST', `${path}/${id}/${step}`, { token: admin.token });
  return id;
}

async function refreshableSession(): Promise<{ refresh_token: string }> {
  const { body } = await app.call('POST', '/user/login', {
    body: { email: admin.email, password: PASSWORD },
  });
  return { refresh_token: body.refresh_token };
}

async function accountToken(): Promise<Record<string, string>> {
  const { body } = await app.call('GET', `/accounts/${accounts.ours.id}`, { token: admin.token });
  return { 'cl-x-token': body.app_secret_token };
}

const parametersOf = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);

/** What a path names: an account, an item, or an item of an account. */
function namedIn(path: string): { account: string | undefined; item: string | undefined } {
  const parameters = parametersOf(path);
  const isAccount = (parameter: string) => parameter === 'accountId';
  return { account: parameters.find(isAccount), item: parameters.find((name) => !isAccount(name)) };
}

/** The account of the path, the body or the query is tried first, then items that are not of this account. */
function targetsOf(id: OperationId, path: string): Target[] {
  const { account, item } = namedIn(path);
  const place = accountPlaces[id];
  const whole = (['ours', 'theirs', 'unknown', 'malformed'] as const).map((target) => ({
    name: target,
    account: target,
    item: target,
  }));
  if (place === 'query' || place === 'body')
    return [...whole, { name: 'no account', account: 'unnamed', item: 'unnamed' }];
  if (!account && !place)
    return item ? whole.filter(({ item: kind }) => kind !== 'theirs') : whole.slice(0, 1);
  if (!account || !item) return whole;
  const strayed = (['theirs', 'unknown', 'malformed'] as const).map((target) => ({
    name: `ours, ${target} ${item}`,
    account: 'ours' as const,
    item: target,
  }));
  return [...whole, ...strayed];
}

/** What the policy means for one call. */
function expectedOf(id: OperationId, caller: Caller, path: string, target: Target): number | 'allowed' {
  const level: AccessLevel = policy[id];
  const place = accountPlaces[id];
  if (level === 'public') return 'allowed';
  if (!caller.user) return 401;
  if (caller.apiKey && sessionsOnly.has(id)) return 403;
  const { account, item } = namedIn(path);
  const role = caller.roles[target.account as Account];
  if (target.account === 'unnamed') return place === 'query' ? 'allowed' : 400;
  if ((place === 'query' || place === 'body') && target.account === 'malformed') return 400;
  if ((account || place) && !role) return 404;
  if (level === 'admin' && !caller.isGlobalAdmin) return 403;
  if (level === 'accountAdmin' && role !== 'Admin') return 403;
  const belongs = account ? target.item === target.account : place || target.item === 'ours';
  return item && !belongs ? 404 : 'allowed';
}

async function accountIdOf(target: AccountTarget, isThrowAway: boolean): Promise<string> {
  if (target === 'malformed') return 'not-an-id';
  if (target === 'unknown' || target === 'unnamed') return uuidv7();
  return isThrowAway ? (await createAccount(app, admin)).id : accounts[target].id;
}

async function itemIdOf(
  parameter: string,
  target: AccountTarget,
  caller: Caller,
  id: OperationId,
): Promise<string> {
  if (target === 'malformed') return 'not-an-id';
  return target === 'unknown' || target === 'unnamed'
    ? uuidv7()
    : items[parameter]!(accounts[target], caller, id);
}

/** A call of an operation, with new items of its own where it needs some. */
async function requestOf(caller: Caller, id: OperationId, target: Target) {
  const { method, path } = operations.get(id)!;
  const isThrowAway = id === 'deleteAccount' && caller.isGlobalAdmin === true;
  let url = path;
  for (const parameter of parametersOf(path))
    url = url.replace(
      `{${parameter}}`,
      parameter === 'accountId'
        ? await accountIdOf(target.account, isThrowAway)
        : await itemIdOf(parameter, target.item, caller, id),
    );
  const named: Record<string, string> =
    target.account === 'unnamed' ? {} : { account_id: await accountIdOf(target.account, false) };
  if (accountPlaces[id] === 'query') url += `?${new URLSearchParams(named).toString()}`;
  const body = await examples[id]?.body?.();
  const options = {
    token: caller.apiKey ?? caller.user?.token,
    body: accountPlaces[id] === 'body' ? Object.assign({}, body, named) : body,
    headers: await examples[id]?.headers?.(),
  };
  return { method, url, options };
}

async function callAs(caller: Caller, id: OperationId, target: Target): Promise<number | string> {
  const { method, url, options } = await requestOf(caller, id, target);
  const answer = await app.call(method, url, options);
  if (answer.status < 300) return 'allowed';
  const isProblem = answer.headers.get('content-type')?.startsWith('application/problem+json');
  return isProblem && answer.body.status === answer.status ? answer.status : `${answer.status} as no problem`;
}

/** What an API key may not do, once more. */
const sessionsOnlyContract: OperationId[] = [
  'logoutUser',
  'updateProfile',
  'createApiKey',
  'deleteApiKey',
  'createUser',
  'patchUser',
  'deleteUser',
  'createMember',
  'addMember',
  'updateMember',
  'updateMemberById',
  'deleteMember',
  'deleteMemberById',
];

const operationIds = Object.keys(policy) as OperationId[];

describe('access', () => {
  it('has a row for every operation of the contract, and the level the contract says', () => {
    const rows = Object.entries(contract).flatMap(([level, ids]) => ids.map((id) => [id, level]));
    expect(policy).toEqual(Object.fromEntries(rows));
    expect([...sessionsOnly].sort()).toEqual([...sessionsOnlyContract].sort());
  });

  it.each(operationIds)('%s answers every caller and every target as its row says', async (id) => {
    expect(operations.has(id), 'is in the document').toBe(true);
    const { path } = operations.get(id)!;
    const expected: Record<string, number | string> = {};
    const answered: Record<string, number | string> = {};
    for (const target of targetsOf(id, path))
      for (const caller of callers) {
        const cell = `${caller.name} → ${target.name}`;
        expected[cell] = expectedOf(id, caller, path, target);
        answered[cell] = await callAs(caller, id, target);
      }
    expect(answered).toEqual(expected);
  });
});

describe('the audit log', () => {
  const actionsSince = async (seq: string): Promise<string[]> =>
    (await app.dataSource.query('SELECT action FROM audit_log WHERE seq > $1 ORDER BY seq', [seq])).map(
      ({ action }: { action: string }) => action,
    );

  it.each(operationIds)(
    'gets one row of a %s that succeeds if it changes something, else none',
    async (id) => {
      const caller = callers.find(({ isGlobalAdmin }) => isGlobalAdmin)!;
      // Everything that is made for the call is there before the last row is looked up.
      const request = await requestOf(caller, id, { name: 'ours', account: 'ours', item: 'ours' });
      const { method, url, options } = request;
      const [{ last }] = await app.dataSource.query('SELECT coalesce(max(seq), 0) AS last FROM audit_log');
      expect((await app.call(method, url, options)).status).toBeLessThan(300);
      const isTold = method !== 'GET' && !unaudited[id];
      expect(
        await actionsSince(last),
        `call audit.record once in the transaction of ${id}, or give a reason in src/auth/unaudited.ts`,
      ).toEqual(isTold ? [id] : []);
    },
  );
});

describe('the document', () => {
  interface Documented {
    operationId: string;
    tags?: string[];
    summary?: string;
    security?: Record<string, string[]>[];
    parameters: { in: string }[];
    requestBody?: unknown;
    responses: Record<
      string,
      { $ref?: string; content?: Record<string, { schema: Record<string, unknown> }> }
    >;
  }

  const read = (id: string): Documented => {
    const { method, path } = operations.get(id)!;
    return (document.paths[path] as unknown as Record<string, Documented>)[method.toLowerCase()]!;
  };

  /** Answers that follow from the level and from what the operation takes. */
  const impliedErrors = (id: OperationId): string[] => {
    const { parameters, requestBody } = read(id);
    const takesInput = requestBody !== undefined || parameters.some(({ in: place }) => place === 'query');
    const byLevel: Record<AccessLevel, string[]> = {
      public: [],
      user: ['401'],
      admin: ['401', '403'],
      member: ['401', '404'],
      accountAdmin: ['401', '403', '404'],
    };
    return [
      ...byLevel[policy[id]],
      ...(sessionsOnly.has(id) ? ['403'] : []),
      ...(parametersOf(operations.get(id)!.path).length > 0 ? ['404'] : []),
      ...(accountPlaces[id] === 'query' ? ['404'] : []),
      ...(takesInput ? ['400'] : []),
    ];
  };

  it('has each row of the policy once and nothing else', () => {
    const documented = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods as Record<string, Documented>).map(({ operationId }) => operationId),
    );
    expect(documented.sort()).toEqual([...operationIds].sort());
  });

  it('names operations in camelCase', () => {
    for (const id of operations.keys()) expect(id).toMatch(/^[a-z]+([A-Z][a-z]+)+$/);
  });

  it.each(operationIds)('says of %s what it is, who may call it and what it answers', (id) => {
    const operation = read(id);
    expect(operation.tags).toHaveLength(1);
    expect(operation.summary).toMatch(/^[A-Z].{5,}/);
    const isPublic = policy[id] === 'public';
    const schemes = (operation.security ?? []).flatMap((scheme) => Object.keys(scheme));
    expect(schemes.includes('bearer')).toBe(!isPublic);
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(impliedErrors(id)));
  });

  it.each(operationIds)('types every answer of %s', (id) => {
    const answers = Object.entries(read(id).responses);
    expect(answers.some(([status]) => status.startsWith('2'))).toBe(true);
    for (const [status, { $ref, content }] of answers)
      if (status === '204') expect(content).toBeUndefined();
      else if (status < '300')
        expectTyped((content?.['application/json'] ?? content?.['application/x-ndjson'])?.schema);
      else if (status < '500') expect($ref).toMatch(/^#\/components\/responses\/\w+$/);
  });

  const expectTyped = (schema: Record<string, unknown> | undefined) =>
    expect(schema?.$ref ?? schema?.properties).toBeTruthy();
});
