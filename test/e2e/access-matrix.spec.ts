import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AccessLevel,
  type OperationId,
  accountPlaces,
  policy,
  sessionsOnly,
} from '../../src/auth/policy.js';
import { createOpenApi } from '../../src/docs/openapi.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type Account, type Caller, type CallersOfTwoAccounts, createCallers } from '../support/callers.js';
import { type Target, requestOf } from '../support/operation-requests.js';
import { type Operation, parametersOf, placesOf } from '../support/operations.js';

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

let app: TestApp;
let operations: Map<string, Operation>;
let scene: CallersOfTwoAccounts;

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  operations = placesOf(createOpenApi(app.app, app.config.version));
  scene = await createCallers(app);
});

afterAll(() => app?.close());

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

async function callAs(caller: Caller, id: OperationId, target: Target): Promise<number | string> {
  const { method, url, options } = await requestOf({ ...scene, operations }, caller, id, target);
  const answer = await app.call(method, url, options);
  if (answer.status < 300) return 'allowed';
  const isProblem = answer.headers.get('content-type')?.startsWith('application/problem+json');
  return isProblem && answer.body.status === answer.status ? answer.status : `${answer.status} as no problem`;
}

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
      for (const caller of scene.callers) {
        const cell = `${caller.name} → ${target.name}`;
        expected[cell] = expectedOf(id, caller, path, target);
        answered[cell] = await callAs(caller, id, target);
      }
    expect(answered).toEqual(expected);
  });
});
