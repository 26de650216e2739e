import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
} from '../support/factories.js';

const URL = 'https://webhook.example/a';
const HEADERS = { APP_ID: 'app-1' };

let app: TestApp;
let admin: TestUser;
/** Admin of the first account, User of the second, nothing in the third. */
let user: TestUser;
let stranger: TestUser;
let accounts: TestAccount[];
/** One of each account, oldest first. */
let destinations: string[];

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  admin = await registerAdmin(app);
  [user, stranger] = await Promise.all([registerUser(app), registerUser(app)]);
  accounts = [];
  destinations = [];
  for (let index = 0; index < 3; index++) {
    const account = await createAccount(app, admin);
    accounts.push(account);
    destinations.push((await createDestination(app, admin, account, { url: URL, headers: HEADERS })).id);
  }
  await addMember(app, admin, accounts[0]!, user, 'Admin');
  await addMember(app, admin, accounts[1]!, user, 'User');
});

afterAll(() => app?.close());

const get = (path: string, as = user) => app.call('GET', path, { token: as.token });
const send = (method: string, path: string, body: unknown, as = user) =>
  app.call(method, path, { token: as.token, body });

function expectProblem(answer: TestAnswer, status: number, field?: string): void {
  expect(answer.body).toMatchObject({ status });
  expect(answer.status).toBe(status);
  if (field) expect(answer.body.errors).toMatchObject([{ field }]);
}

const idsOf = (answer: TestAnswer): string[] => answer.body.data.map(({ id }: { id: string }) => id);

async function readAll(path: string, as: TestUser): Promise<string[]> {
  const ids: string[] = [];
  for (let next: string | null = ''; next !== null;) {
    const page: TestAnswer = await get(`${path}&limit=1${next && `&cursor=${next}`}`, as);
    expect(page.status).toBe(200);
    ids.push(...idsOf(page));
    next = page.body.page.next;
  }
  return ids;
}

describe('/destinations', () => {
  it('lists those of every account the caller is in, newest first, page by page', async () => {
    expect(idsOf(await get('/destinations'))).toEqual([destinations[1], destinations[0]]);
    expect(await readAll('/destinations?state=active', user)).toEqual([destinations[1], destinations[0]]);
    expect(await readAll('/destinations?q=webhook', admin)).toEqual(destinations.toReversed());
    expect(idsOf(await get('/destinations', stranger))).toEqual([]);
  });

  it('shows header values where the caller is Admin of the account', async () => {
    const { body } = await get('/destinations');
    expect(body.data.map(({ headers }: { headers: object }) => headers)).toEqual([
      { APP_ID: '***' },
      HEADERS,
    ]);
  });

  it('lists those of one account', async () => {
    expect(idsOf(await get(`/destinations?account_id=${accounts[0]!.id}`))).toEqual([destinations[0]]);
    expectProblem(await get(`/destinations?account_id=${accounts[2]!.id}`), 404);
    expectProblem(await get(`/destinations?account_id=${uuidv7()}`), 404);
    expectProblem(await get('/destinations?account_id=1'), 400, 'account_id');
    expectProblem(await get(`/destinations?account_id=${accounts[0]!.id}&account_id=1`), 400, 'account_id');
    expectProblem(await get('/destinations?account=1'), 400, 'account');
  });

  it('leaves out what was deleted, with its account or alone', async () => {
    const account = await createAccount(app, admin);
    await addMember(app, admin, account, stranger, 'Admin');
    const [kept, gone] = [
      await createDestination(app, admin, account, { url: URL }),
      await createDestination(app, admin, account, { url: URL }),
    ];
    expectProblem(await app.call('DELETE', `/destinations/${gone.id}`, { token: user.token }), 404);
    expect((await app.call('DELETE', `/destinations/${gone.id}`, { token: stranger.token })).status).toBe(
      204,
    );
    expectProblem(await get(`/destinations/${gone.id}`, stranger), 404);
    expect(idsOf(await get('/destinations', stranger))).toEqual([kept.id]);
    await app.call('DELETE', `/accounts/${account.id}`, { token: admin.token });
    expect(idsOf(await get('/destinations', stranger))).toEqual([]);
    expect(idsOf(await get('/destinations', admin))).toEqual(destinations.toReversed());
    expectProblem(await get(`/destinations/${kept.id}`, admin), 404);
  });

  it.each(['account', 'account_id'])('creates one in the account that %s names', async (field) => {
    const created = await send('POST', '/destinations', { [field]: accounts[0]!.id, url: URL });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ account_id: accounts[0]!.id, url: URL, created_by: user.user.id });
    expect(created.headers.get('etag')).toBeTruthy();
    await app.call('DELETE', `/destinations/${created.body.id}`, { token: user.token });
  });

  it('creates none where it is not said for whom, or the caller is not Admin', async () => {
    expectProblem(await send('POST', '/destinations', { url: URL }), 400, 'account_id');
    expectProblem(await send('POST', '/destinations', { account: 7, url: URL }), 400, 'account');
    const both = { account: accounts[0]!.id, account_id: accounts[1]!.id, url: URL };
    expectProblem(await send('POST', '/destinations', both), 400, 'account');
    expectProblem(await send('POST', '/destinations', [accounts[0]!.id]), 400, 'account_id');
    expectProblem(await send('POST', '/destinations', { account_id: accounts[0]!.id }), 400, 'url');
    const own = { account_id: accounts[0]!.id, url: URL, id: uuidv7() };
    expectProblem(await send('POST', '/destinations', own), 400, 'id');
    expectProblem(await send('POST', '/destinations', { account_id: accounts[1]!.id, url: URL }), 403);
    expectProblem(await send('POST', '/destinations', { account_id: accounts[2]!.id, url: URL }), 404);
    expectProblem(await send('POST', '/destinations', { account_id: uuidv7(), url: URL }), 404);
    expectProblem(await app.call('POST', '/destinations', { body: { url: URL } }), 401);
  });

  it('reads and changes one by its id alone, under If-Match as well', async () => {
    const path = `/destinations/${destinations[1]}`;
    const read = await get(path);
    expect(read.body).toMatchObject({ id: destinations[1], account_id: accounts[1]!.id });
    const put = await send('PUT', path, { account: accounts[1]!.id, url: URL, description: 'put' });
    expect(put.body).toMatchObject({ description: 'put', updated_by: user.user.id });
    const patch = { token: user.token, body: { description: 'patched' } };
    const stale = await app.call('PATCH', path, {
      ...patch,
      headers: { 'if-match': read.headers.get('etag')! },
    });
    expectProblem(stale, 412);
    const fresh = await app.call('PATCH', path, {
      ...patch,
      headers: { 'if-match': put.headers.get('etag')! },
    });
    expect(fresh.body.description).toBe('patched');
    expectProblem(await app.call('DELETE', path, { token: user.token }), 403);
  });

  it('moves none to another account', async () => {
    const path = `/destinations/${destinations[0]}`;
    expectProblem(await send('PUT', path, { account_id: accounts[1]!.id, url: URL }), 400, 'account_id');
    expectProblem(await send('PATCH', path, { account: accounts[1]!.id }), 400, 'account');
    expect((await get(path)).body.account_id).toBe(accounts[0]!.id);
  });
});

describe('/account-members', () => {
  const memberships = async (as: TestUser): Promise<string[]> =>
    (await get('/account-members', as)).body.data.map(({ account_id: id }: { account_id: string }) =>
      accounts.findIndex((account) => account.id === id),
    );

  it('lists those of every account the caller is in', async () => {
    expect(await memberships(user)).toEqual([1, 0, 1, 0]);
    expect(await memberships(admin)).toEqual([1, 0, 2, 1, 0]);
    expect(await memberships(stranger)).toEqual([]);
    expect(await readAll('/account-members?q=example', user)).toHaveLength(4);
    const own = await get(`/account-members?account_id=${accounts[1]!.id}`);
    expect(own.body.data).toMatchObject([{ email: user.email, role_name: 'User' }, { email: admin.email }]);
    expectProblem(await get(`/account-members?account_id=${accounts[2]!.id}`), 404);
    expectProblem(await get('/account-members?role=Admin'), 400, 'role');
  });

  it('adds, reads, changes and removes one', async () => {
    const body = { email: stranger.email, role_name: 'User' };
    const account = { account: accounts[0]!.id };
    expectProblem(await send('POST', '/account-members', body), 400, 'account_id');
    expectProblem(await send('POST', '/account-members', { ...body, account_id: accounts[1]!.id }), 403);
    const added = await send('POST', '/account-members', { ...body, ...account });
    expect(added.status).toBe(201);
    expectProblem(await send('POST', '/account-members', { ...body, ...account }), 409, 'email');
    const path = `/account-members/${added.body.id}`;
    expect((await get(path)).body).toMatchObject({ ...body, account_id: accounts[0]!.id, status: 'member' });
    expect((await send('PUT', path, { role_name: 'Admin', ...account })).body.role_name).toBe('Admin');
    expectProblem(await send('PUT', path, { role_name: 'Admin', account: accounts[1]!.id }), 400, 'account');
    expect((await app.call('DELETE', path, { token: user.token })).status).toBe(204);
    expectProblem(await get(path), 404);
    expectProblem(await get(path, admin), 404);
  });

  it('invites an unknown e-mail', async () => {
    const body = { account_id: accounts[0]!.id, email: 'new@example.com', role_name: 'User' };
    const invited = await send('POST', '/account-members', body);
    expect(invited.body).toMatchObject({ status: 'invited', invite_token: expect.any(String) });
    const path = `/account-members/${invited.body.id}`;
    expect((await get(path)).body).not.toHaveProperty('invite_token');
    expect((await app.call('DELETE', path, { token: user.token })).status).toBe(204);
  });

  it('keeps the last Admin of an account', async () => {
    const { body } = await get(`/account-members?account_id=${accounts[2]!.id}`, admin);
    const answer = await app.call('DELETE', `/account-members/${body.data[0].id}`, { token: admin.token });
    expectProblem(answer, 409);
    expect(answer.body.code).toBe('last_admin');
  });
});
