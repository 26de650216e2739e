import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import {
  type DestinationAnswer,
  MASKED,
  SECRET_HEADERS,
  URL_A,
  createTwoAccountsWithDestination,
  destinationCalls,
} from '../support/destinations.js';
import { type TestAccount, type TestUser, UNKNOWN, addMember, createAccount } from '../support/factories.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let admin: TestUser;
let owner: TestUser;
let member: TestUser;
let otherOwner: TestUser;
let stranger: TestUser;
let account: TestAccount;
let foreign: { id: string };
let destination: DestinationAnswer;

beforeAll(async () => {
  app = await createTestApp();
  ({ admin, owner, member, otherOwner, stranger, account, foreign } =
    await createTwoAccountsWithDestination(app));
});

beforeEach(async () => {
  destination = (await create({ url: URL_A, headers: SECRET_HEADERS })).body;
});

afterAll(() => app?.close());

const { path, create, read } = destinationCalls(() => ({ app, owner, account, destination }));

describe('GET /accounts/{accountId}/destinations', () => {
  let shop: TestAccount;
  const ids: string[] = [];
  const list = async (query = '', token = admin.token): Promise<DestinationAnswer[]> => {
    const answer = await app.call('GET', path('', shop.id) + query, { token });
    expect(answer.status).toBe(200);
    return answer.body.data;
  };
  const listIds = async (query: string) => (await list(query)).map(({ id }) => id);

  beforeAll(async () => {
    shop = await createAccount(app, admin);
    await addMember(app, admin, shop, member, 'User');
    const bodies = [
      { url: 'https://one.example/100%_x', http_method: 'GET', headers: SECRET_HEADERS },
      { url: 'https://two.example/', description: 'Ünïque Orders' },
      { url: 'https://three.example/' },
    ];
    for (const body of bodies)
      ids.unshift((await app.call('POST', path('', shop.id), { token: admin.token, body })).body.id);
    await app.call('POST', path(`${ids[0]}/pause`, shop.id), { token: admin.token });
  });

  it('lists the destinations of this account, newest first', async () => {
    expect(await listIds('')).toEqual(ids);
  });

  it('shows header values to Admins of the account only', async () => {
    expect((await list('')).at(-1)!.headers).toEqual(SECRET_HEADERS);
    expect((await list('', member.token)).at(-1)!.headers).toEqual(MASKED);
  });

  it('pages through all of them', async () => {
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = `?limit=1${cursor && `&cursor=${cursor}`}`;
      const { body }: TestAnswer = await app.call('GET', path('', shop.id) + query, { token: admin.token });
      seen.push(...body.data.map(({ id }: DestinationAnswer) => id));
      cursor = body.page.next;
    }
    expect(seen).toEqual(ids);
  });

  it('searches url and description, wildcards taken literally', async () => {
    expect(await listIds('?q=TWO.example')).toEqual([ids[1]]);
    expect(await listIds(`?q=${encodeURIComponent('ünïque')}`)).toEqual([ids[1]]);
    expect(await listIds(`?q=${encodeURIComponent('100%_')}`)).toEqual([ids[2]]);
    expect(await listIds(`?q=${encodeURIComponent('100__x')}`)).toEqual([]);
  });

  it('filters by state, method and time of creation', async () => {
    expect(await listIds('?state=paused')).toEqual([ids[0]]);
    expect(await listIds('?state=active&http_method=get')).toEqual([ids[2]]);
    const { created_at } = (await app.call('GET', path(ids[1], shop.id), { token: admin.token })).body;
    const at = encodeURIComponent(created_at);
    expect(await listIds(`?created_from=${at}`)).toEqual(expect.arrayContaining([ids[0], ids[1]]));
    expect(await listIds(`?created_to=${at}`)).not.toContain(ids[1]);
    expect(await listIds('?created_from=2999-01-01')).toEqual([]);
  });

  it.each([
    ['limit=0', 'limit'],
    ['cursor=bogus', 'cursor'],
    ['state=gone', 'state'],
    ['http_method=TRACE', 'http_method'],
    ['created_from=x', 'created_from'],
    ['created_to=2024-02-31T00:00:00Z', 'created_to'],
    ['q=%00', 'q'],
    ['url=x', 'url'],
  ])('refuses ?%s', async (query, field) => {
    expectProblem(
      await app.call('GET', `${path()}?${query}`, { token: owner.token }),
      400,
      'invalid_data',
      field,
    );
  });

  it('is for members', async () => {
    expectProblem(await app.call('GET', path()), 401, 'unauthenticated');
    for (const caller of [stranger, otherOwner])
      expectProblem(await app.call('GET', path(), { token: caller.token }), 404, 'not_found');
    expectProblem(await app.call('GET', path('', UNKNOWN), { token: admin.token }), 404, 'not_found');
  });
});

describe('GET /accounts/{accountId}/destinations/{id}', () => {
  it('shows it with its ETag; header values to Admins of the account only', async () => {
    const answer = await app.call('GET', path(destination.id), { token: owner.token });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.body).toEqual(destination);
    expect((await read(admin.token)).headers).toEqual(SECRET_HEADERS);
    expect(await read(member.token)).toEqual({ ...destination, headers: MASKED });
  });

  it('is 404 for destinations of other accounts, unknown ids, ids that are none, and for strangers', async () => {
    for (const id of [foreign.id, UNKNOWN, 'abc', '7', '%00'])
      for (const caller of [owner, admin])
        expectProblem(await app.call('GET', path(id), { token: caller.token }), 404, 'not_found');
    for (const caller of [stranger, otherOwner])
      expectProblem(await app.call('GET', path(destination.id), { token: caller.token }), 404, 'not_found');
    expectProblem(await app.call('GET', path(destination.id)), 401, 'unauthenticated');
  });
});
