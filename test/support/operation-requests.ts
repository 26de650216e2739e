import { v7 as uuidv7 } from 'uuid';
import { type OperationId, accountPlaces } from '../../src/auth/policy.js';
import {
  type Account,
  type Caller,
  type CallersOfTwoAccounts,
  apiKeyBody,
  eventIdOf,
  newApiKey,
} from './callers.js';
import { type TestAccount, createAccount, createDestination, registerUser } from './factories.js';
import { newEmail } from './members.js';
import { type Operation, parametersOf } from './operations.js';

export type AccountTarget = Account | 'unknown' | 'malformed' | 'unnamed';

/** Where a call goes: an account, and for an item in it the account it really belongs to. */
export interface Target {
  name: string;
  account: AccountTarget;
  item: AccountTarget;
}

interface Scene extends CallersOfTwoAccounts {
  operations: Map<string, Operation>;
}

/** What an operation takes; read at each call. Destructive operations get an item of their own every time. */
interface Example {
  body?: (scene: Scene) => unknown;
  headers?: (scene: Scene) => Promise<Record<string, string>>;
}

/** Who asks for an item of an account, and for which operation. */
interface ItemRequest extends Scene {
  account: TestAccount;
  caller: Caller;
  id: OperationId;
}

const DESTINATION = { url: 'http://127.0.0.1:9/hook' };
const PASSWORD = 'Demo@123-long';

/** What makes a valid request of operations that take something, so that whoever may call them gets a 2xx. */
const examples: Partial<Record<OperationId, Example>> = {
  registerUser: { body: () => ({ email: newEmail(), password: PASSWORD }) },
  loginUser: { body: ({ admin }) => ({ email: admin.email, password: PASSWORD }) },
  refreshSession: { body: refreshableSession },
  logoutUser: { body: () => ({ refresh_token: 'of-no-session' }) },
  updateProfile: { body: () => ({ currentPassword: PASSWORD }) },
  createApiKey: { body: () => apiKeyBody(PASSWORD) },
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
  obtainTokenPair: { body: ({ admin }) => ({ username: admin.email, password: PASSWORD }) },
  refreshTokenPair: {
    body: async (scene) => ({ refresh: (await refreshableSession(scene)).refresh_token }),
  },
  obtainToken: { body: ({ admin }) => ({ email: admin.email, password: PASSWORD }) },
  replayEvent: { body: () => ({}) },
  createRecovery: { body: () => ({ filter: { from: '2026-01-01' } }) },
  receiveData: { body: () => ({}), headers: accountToken },
  receiveDataBatch: { body: () => [{ data: {} }], headers: accountToken },
};

/** A new item of an account for each path parameter, or one that belongs to no account. */
const items: Record<string, (request: ItemRequest) => Promise<string>> = {
  apiKeyId: async ({ app, caller: { user } }) => (user ? (await newApiKey(app, user)).id : uuidv7()),
  userId: async ({ app }) => (await registerUser(app)).user.id,
  destinationId: destinationFor,
  memberId: invitationIn,
  // With somewhere to send it, for a replay.
  eventId: async ({ app, admin, account }) => {
    await createDestination(app, admin, account, DESTINATION);
    return eventIdOf(account);
  },
  recoveryId: recoveryFor,
};

async function invitationIn({ app, admin, account }: ItemRequest): Promise<string> {
  const body = { email: newEmail(), role_name: 'User' };
  return (await app.call('POST', `/accounts/${account.id}/members`, { token: admin.token, body })).body.id;
}

/** In the state that the operation changes. */
async function destinationFor({ app, admin, account, id: operation }: ItemRequest): Promise<string> {
  const { id } = await createDestination(app, admin, account, DESTINATION);
  const state = { resumeDestination: 'paused', enableDestination: 'disabled' }[operation as string];
  if (state) await app.dataSource.query('UPDATE destinations SET state = $2 WHERE id = $1', [id, state]);
  return id;
}

/** One that the operation changes. Nobody delivers here, so it goes on and may be paused. */
async function recoveryFor({ app, admin, account, id: operation }: ItemRequest): Promise<string> {
  const path = `/accounts/${account.id}/recoveries`;
  const body = { filter: { from: '2026-01-01' } };
  const { id } = (await app.call('POST', path, { token: admin.token, body })).body;
  const steps = { startRecovery: [], resumeRecovery: ['start', 'pause'] }[operation as string] ?? ['start'];
  for (const step of steps) await app.call('POST', `${path}/${id}/${step}`, { token: admin.token });
  return id;
}

async function refreshableSession({ app, admin }: Scene): Promise<{ refresh_token: string }> {
  const { body } = await app.call('POST', '/user/login', {
    body: { email: admin.email, password: PASSWORD },
  });
  return { refresh_token: body.refresh_token };
}

async function accountToken({ app, admin, accounts }: Scene): Promise<Record<string, string>> {
  const { body } = await app.call('GET', `/accounts/${accounts.ours.id}`, { token: admin.token });
  return { 'cl-x-token': body.app_secret_token };
}

async function accountIdOf(scene: Scene, target: AccountTarget, isThrowAway: boolean): Promise<string> {
  if (target === 'malformed') return 'not-an-id';
  if (target === 'unknown' || target === 'unnamed') return uuidv7();
  return isThrowAway ? (await createAccount(scene.app, scene.admin)).id : scene.accounts[target].id;
}

async function itemIdOf(
  parameter: string,
  target: AccountTarget,
  request: Omit<ItemRequest, 'account'>,
): Promise<string> {
  if (target === 'malformed') return 'not-an-id';
  return target === 'unknown' || target === 'unnamed'
    ? uuidv7()
    : items[parameter]!({ ...request, account: request.accounts[target] });
}

/** A call of an operation, with new items of its own where it needs some. */
export async function requestOf(scene: Scene, caller: Caller, id: OperationId, target: Target) {
  const { method, path } = scene.operations.get(id)!;
  const isThrowAway = id === 'deleteAccount' && caller.isGlobalAdmin === true;
  let url = path;
  for (const parameter of parametersOf(path))
    url = url.replace(
      `{${parameter}}`,
      parameter === 'accountId'
        ? await accountIdOf(scene, target.account, isThrowAway)
        : await itemIdOf(parameter, target.item, { ...scene, caller, id }),
    );
  const named: Record<string, string> =
    target.account === 'unnamed' ? {} : { account_id: await accountIdOf(scene, target.account, false) };
  if (accountPlaces[id] === 'query') url += `?${new URLSearchParams(named).toString()}`;
  const body = await examples[id]?.body?.(scene);
  const options = {
    token: caller.apiKey ?? caller.user?.token,
    body: accountPlaces[id] === 'body' ? Object.assign({}, body, named) : body,
    headers: await examples[id]?.headers?.(scene),
  };
  return { method, url, options };
}
