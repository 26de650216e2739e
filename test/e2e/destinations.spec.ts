import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { type DeliverableDestination, DestinationReader } from '../../src/destinations/destination-reader.js';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  registerAdmin,
  registerUser,
} from '../support/factories.js';

interface DestinationAnswer {
  id: string;
  url: string;
  version: number;
  state: string;
  headers: Record<string, string>;
  signing_secret?: string;
}

const UNKNOWN = '01920000-0000-7000-8000-000000000000';
const URL_A = 'https://webhook.example/a';
const SECRET_HEADERS = { APP_ID: 'app-1', APP_SECRET: 's3cret-canary', Accept: '*' };
const MASKED = { APP_ID: '***', APP_SECRET: '***', Accept: '***' };

let app: TestApp;
let admin: TestUser;
let owner: TestUser;
let member: TestUser;
let otherOwner: TestUser;
let stranger: TestUser;
let account: TestAccount;
let other: TestAccount;
let foreign: DestinationAnswer;
let destination: DestinationAnswer;

beforeAll(async () => {
  app = await createTestApp();
  admin = await registerAdmin(app);
  [owner, member, otherOwner, stranger] = await Promise.all([
    registerUser(app),
    registerUser(app),
    registerUser(app),
    registerUser(app),
  ]);
  account = await createAccount(app, admin);
  other = await createAccount(app, admin);
  await addMember(app, admin, account, owner, 'Admin');
  await addMember(app, admin, account, member, 'User');
  await addMember(app, admin, other, otherOwner, 'Admin');
  const path = `/accounts/${other.id}/destinations`;
  foreign = (await app.call('POST', path, { token: otherOwner.token, body: { url: URL_A } })).body;
});

beforeEach(async () => {
  destination = (await create({ url: URL_A, headers: SECRET_HEADERS })).body;
});

afterAll(() => app?.close());

function expectProblem(answer: TestAnswer, status: number, code: string, field?: string): void {
  expect(answer.body).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  if (status === 400) expect(answer.body.title).toBe('Invalid Data');
  if (field) expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
}

const path = (suffix = '', accountId = account.id) =>
  `/accounts/${accountId}/destinations${suffix && `/${suffix}`}`;
const create = (body: unknown, token = owner.token) => app.call('POST', path(), { token, body });
const read = async (token = owner.token): Promise<DestinationAnswer> =>
  (await app.call('GET', path(destination.id), { token })).body;
const post = (action: string, token = owner.token, body?: unknown, id = destination.id) =>
  app.call('POST', path(`${id}/${action}`), { token, ...(body === undefined ? {} : { body }) });
const rowOf = async (id: string) =>
  (await app.dataSource.query('SELECT * FROM destinations WHERE id = $1', [id]))[0];

/** A delivery that is not due, so that no worker takes it. */
async function addDelivery(status = 'pending', attempts = 0): Promise<string> {
  const id = uuidv7();
  await app.dataSource.query(
    `INSERT INTO deliveries (id, event, account_id, destination_id, event_id, status, attempts, due_at)
     VALUES ($1, $1, $2, $3, 'order-1', $4, $5, now() + interval '1 day')`,
    [id, account.id, destination.id, status, attempts],
  );
  return id;
}

const deliveryOf = async (id: string) =>
  (
    await app.dataSource.query(
      `SELECT status, due_at = 'infinity' AS held, due_at <= now() AS due FROM deliveries WHERE id = $1`,
      [id],
    )
  )[0];

/** What is wrong with one field of a body, for create and for changes. */
const invalidFields: [string, Record<string, unknown>, string][] = [
  ['a null url', { url: null }, 'url'],
  ['an empty url', { url: '' }, 'url'],
  ['a url that is no text', { url: 7 }, 'url'],
  ['a url without host', { url: 'x' }, 'url'],
  ['a url of another protocol', { url: 'ftp://a.example/' }, 'url'],
  ['a url with a password', { url: 'https://user:pw@a.example/' }, 'url'],
  ['a url of a private address', { url: 'http://10.0.0.1/' }, 'url'],
  ['a url of a private address in disguise', { url: 'http://0xa9fea9fe/latest' }, 'url'],
  ['a url with a NUL', { url: 'https://a.example/\0' }, 'url'],
  ['a url with half a surrogate pair', { url: 'https://a.example/\ud800' }, 'url'],
  ['a url that is too long', { url: `https://a.example/${'x'.repeat(2048)}` }, 'url'],
  ['a null method', { http_method: null }, 'http_method'],
  ['an unknown method', { http_method: 'TRACE' }, 'http_method'],
  ['a method that is no text', { http_method: ['POST'] }, 'http_method'],
  ['null headers', { headers: null }, 'headers'],
  ['headers as a list', { headers: ['a'] }, 'headers'],
  ['headers as text', { headers: 'a: b' }, 'headers'],
  ['a header that is no text', { headers: { 'X-Id': 7 } }, 'headers.X-Id'],
  ['a null header', { headers: { 'X-Id': null } }, 'headers.X-Id'],
  ['a header with a line break', { headers: { 'X-Id': 'a\r\nHost: b' } }, 'headers.X-Id'],
  ['a header of the connection', { headers: { Host: 'a' } }, 'headers.Host'],
  ['a header of the gateway', { headers: { 'webhook-id': 'a' } }, 'headers.webhook-id'],
  ['a header given twice', { headers: { 'X-Id': 'a', 'x-id': 'b' } }, 'headers.x-id'],
  [
    'too many headers',
    { headers: Object.fromEntries([...Array(31).keys()].map((i) => [`h${i}`, 'x'])) },
    'headers',
  ],
  ['headers that are too long', { headers: { a: 'x'.repeat(8200) } }, 'headers'],
  ['a mask for a header that is not stored', { headers: { 'X-New': '***' } }, 'headers.X-New'],
  ['a mask for the header "toString"', { headers: { toString: '***' } }, 'headers.toString'],
  ['null event types', { event_types: null }, 'event_types'],
  ['event types as text', { event_types: 'user.created' }, 'event_types'],
  ['an event type that is no text', { event_types: [7] }, 'event_types'],
  ['an empty event type', { event_types: [''] }, 'event_types'],
  ['a star in the middle', { event_types: ['user.*.created'] }, 'event_types'],
  ['a star without a dot', { event_types: ['user*'] }, 'event_types'],
  ['an event type with a space', { event_types: ['user created'] }, 'event_types'],
  ['an event type with a line break', { event_types: ['user\n'] }, 'event_types'],
  ['an event type that is too long', { event_types: ['x'.repeat(256)] }, 'event_types'],
  ['too many event types', { event_types: Array(101).fill('a') }, 'event_types'],
  ['a description that is no text', { description: 7 }, 'description'],
  ['a description that is too long', { description: 'x'.repeat(501) }, 'description'],
  ['a description with a NUL', { description: '\0a' }, 'description'],
  ['a null max_in_flight', { max_in_flight: null }, 'max_in_flight'],
  ['max_in_flight 0', { max_in_flight: 0 }, 'max_in_flight'],
  ['max_in_flight 1001', { max_in_flight: 1001 }, 'max_in_flight'],
  ['max_in_flight as text', { max_in_flight: '5' }, 'max_in_flight'],
  ['a rate of 0', { rate_limit_per_second: 0 }, 'rate_limit_per_second'],
  ['a rate of 100001', { rate_limit_per_second: 100_001 }, 'rate_limit_per_second'],
  ['a rate that is no whole number', { rate_limit_per_second: 1.5 }, 'rate_limit_per_second'],
  ['a timeout of 99', { timeout_ms: 99 }, 'timeout_ms'],
  ['a timeout of 30001', { timeout_ms: 30_001 }, 'timeout_ms'],
  ['a timeout as text', { timeout_ms: '1000' }, 'timeout_ms'],
  ['a state, which has calls of its own', { state: 'paused' }, 'state'],
  ['a signing secret of its own', { signing_secret: 'whsec_mine' }, 'signing_secret'],
  ['another account', { account_id: UNKNOWN }, 'account_id'],
];

describe('POST /accounts/{accountId}/destinations', () => {
  it('needs a url only', async () => {
    const answer = await create({ url: URL_A });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      account_id: account.id,
      url: URL_A,
      http_method: 'POST',
      headers: {},
      event_types: [],
      description: null,
      state: 'active',
      disabled_reason: null,
      max_in_flight: 128,
      rate_limit_per_second: null,
      timeout_ms: null,
      version: 1,
      created_by: owner.user.id,
      updated_by: owner.user.id,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: expect.any(String),
    });
  });

  it('takes every field, the method in any case', async () => {
    const body = {
      url: 'http://127.0.0.1:9/hook?a=b',
      http_method: 'put',
      headers: { ...SECRET_HEADERS, 'Content-Type': 'application/json' },
      event_types: ['user.*', 'order.paid', '*', 'a:b/c-d_e'],
      description: 'Orders of the shop',
      max_in_flight: 1,
      rate_limit_per_second: 100_000,
      timeout_ms: 30_000,
    };
    const answer = await create(body, admin.token);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ ...body, http_method: 'PUT', created_by: admin.user.id });
  });

  it('keeps header values and signing secret encrypted', async () => {
    const row = await rowOf(destination.id);
    expect(row.header_names).toEqual(['APP_ID', 'APP_SECRET', 'Accept']);
    expect(JSON.stringify(row)).not.toMatch(/s3cret-canary|whsec_/);
  });

  it('takes headers named like parts of Object.prototype', async () => {
    const headers = { toString: 'a', hasOwnProperty: 'b', valueOf: 'c' };
    const answer = await create({ url: URL_A, headers });
    expect(answer.status).toBe(201);
    expect(Object.entries(answer.body.headers)).toEqual(Object.entries(headers));
  });

  it('is not confused by __proto__', async () => {
    const raw = `{"url":"${URL_A}","headers":{"__proto__":"x"}}`;
    const answer = await app.call('POST', path(), { token: owner.token, raw });
    if (answer.status === 201) expect(Object.entries(answer.body.headers)).toEqual([['__proto__', 'x']]);
    else expectProblem(answer, 400, 'invalid_data');
    const outside = await app.call('POST', path(), {
      token: owner.token,
      raw: `{"__proto__":{"url":"${URL_A}"}}`,
    });
    expectProblem(outside, 400, 'invalid_data');
  });

  it('refuses a body without url', async () => {
    expectProblem(await create({}), 400, 'invalid_data', 'url');
  });

  it.each(invalidFields)('refuses %s', async (_, field, name) => {
    expectProblem(await create({ url: URL_A, ...field }), 400, 'invalid_data', name);
  });

  it('names everything that is wrong at once', async () => {
    const answer = await create({ url: 'http://10.0.0.1/', headers: { Host: 'x', Te: 'y' } });
    expect(answer.body.errors.map(({ field }: { field: string }) => field)).toEqual([
      'url',
      'headers.Host',
      'headers.Te',
    ]);
  });

  it.each(['[]', 'null', '"x"', '{'])('refuses the body %s', async (raw) => {
    expectProblem(await app.call('POST', path(), { token: owner.token, raw }), 400, 'invalid_data');
  });

  it('is for Admins of the account', async () => {
    const body = { url: URL_A };
    expectProblem(await app.call('POST', path(), { body }), 401, 'unauthenticated');
    expectProblem(await create(body, member.token), 403, 'forbidden');
    expectProblem(await create(body, stranger.token), 404, 'not_found');
    expectProblem(await create(body, otherOwner.token), 404, 'not_found');
    for (const id of [UNKNOWN, 'abc'])
      expectProblem(await app.call('POST', path('', id), { token: admin.token, body }), 404, 'not_found');
  });
});

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

describe.each(['PUT', 'PATCH'])('%s /accounts/{accountId}/destinations/{id}', (method) => {
  const change = (
    body: unknown,
    token = owner.token,
    headers: Record<string, string> = {},
    id = destination.id,
  ) => app.call(method, path(id), { token, body, headers });

  it('changes what was sent, leaves the rest and counts the version', async () => {
    const answer = await change({ url: 'https://webhook.example/b', http_method: 'patch' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toBe('"2"');
    expect(answer.body).toEqual({
      ...destination,
      url: 'https://webhook.example/b',
      http_method: 'PATCH',
      version: 2,
      updated_at: expect.any(String),
    });
    expect(await read()).toEqual(answer.body);
  });

  it('takes every field and clears what may be null', async () => {
    const body = {
      event_types: ['user.*'],
      description: 'x',
      max_in_flight: 1000,
      rate_limit_per_second: 1,
      timeout_ms: 100,
    };
    expect((await change(body)).body).toMatchObject(body);
    const cleared = { event_types: [], description: null, rate_limit_per_second: null, timeout_ms: null };
    expect((await change(cleared)).body).toMatchObject(cleared);
  });

  it('replaces the headers as a whole', async () => {
    expect((await change({ headers: { 'X-One': '1' } })).body.headers).toEqual({ 'X-One': '1' });
    expect((await change({ headers: {} })).body.headers).toEqual({});
  });

  it('lets Users of the account change it without seeing a header value', async () => {
    const answer = await change(
      { url: 'https://webhook.example/c', headers: { ...MASKED, 'X-New': 'n' } },
      member.token,
    );
    expect(answer.status).toBe(200);
    expect(answer.body.headers).toEqual({ ...MASKED, 'X-New': '***' });
    expect(answer.body).toMatchObject({ updated_by: member.user.id, created_by: owner.user.id });
    expect((await read()).headers).toEqual({ ...SECRET_HEADERS, 'X-New': 'n' });
  });

  it('keeps a masked value under another case of its name and drops headers that are left out', async () => {
    await change({ headers: { app_secret: '***' } }, member.token);
    expect((await read()).headers).toEqual({ app_secret: 's3cret-canary' });
  });

  it.each(invalidFields)('refuses %s and stores nothing', async (_, body, field) => {
    expectProblem(await change(body), 400, 'invalid_data', field);
    expect((await read()).version).toBe(1);
  });

  it('honours If-Match', async () => {
    const body = { description: 'new' };
    expect((await change(body, owner.token, { 'if-match': '"1"' })).headers.get('etag')).toBe('"2"');
    const stale = await change({ description: 'lost' }, owner.token, { 'if-match': '"1"' });
    expectProblem(stale, 412, 'precondition_failed');
    expect(stale.body.detail).toContain('"2"');
    expect(await read()).toMatchObject({ description: 'new', version: 2 });
    for (const tag of ['W/"2"', '2', '"x"', '""'])
      expectProblem(await change(body, owner.token, { 'if-match': tag }), 412, 'precondition_failed');
    expect((await change(body, owner.token, { 'if-match': '"7", "2"' })).status).toBe(200);
    expect((await change(body, owner.token, { 'if-match': '*' })).status).toBe(200);
  });

  it('lets one of several edits of the same version through', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) => change({ description: `edit ${n}` }, owner.token, { 'if-match': '"1"' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    const winner = answers.find(({ status }) => status === 200)!;
    expect(await read()).toEqual(winner.body);
  });

  it('counts every one of several edits without If-Match', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map((n) => change({ description: `edit ${n}` })));
    expect(answers.map(({ body }) => body.version).sort()).toEqual([2, 3, 4, 5]);
  });

  it('is 404 for destinations of other accounts, unknown ids and ids that are none', async () => {
    for (const id of [foreign.id, UNKNOWN, 'abc', '%00'])
      for (const headers of [{}, { 'if-match': '"9"' }])
        expectProblem(
          await change({ description: 'x' }, admin.token, headers as never, id),
          404,
          'not_found',
        );
    expect(await rowOf(foreign.id)).toMatchObject({ account_id: other.id, description: null, version: 1 });
  });

  it('is for members', async () => {
    expectProblem(await app.call(method, path(destination.id), { body: {} }), 401, 'unauthenticated');
    for (const caller of [stranger, otherOwner])
      expectProblem(await change({}, caller.token), 404, 'not_found');
  });
});

describe('DELETE /accounts/{accountId}/destinations/{id}', () => {
  const remove = (id: string, token?: string) => app.call('DELETE', path(id), { token });

  it('hides it and cancels what was still to deliver, with the reason', async () => {
    const delivery = await addDelivery('retrying', 3);
    const answer = await remove(destination.id, owner.token);
    expect(answer.status).toBe(204);
    expect(answer.body).toBe('');
    expectProblem(await app.call('GET', path(destination.id), { token: owner.token }), 404, 'not_found');
    const { body } = await app.call('GET', `${path()}?limit=200`, { token: owner.token });
    expect(body.data.map(({ id }: DestinationAnswer) => id)).not.toContain(destination.id);
    expect(await deliveryOf(delivery)).toBeUndefined();
    const finished = await app.dataSource.query(
      'SELECT status, attempts, last_error FROM finished_deliveries WHERE id = $1',
      [delivery],
    );
    expect(finished).toEqual([
      { status: 'cancelled', attempts: 3, last_error: 'The destination was deleted.' },
    ]);
    expect(await rowOf(destination.id)).toMatchObject({
      updated_by: owner.user.id,
      deleted_at: expect.any(Date),
    });
  });

  it('is 404 for every later call', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => remove(destination.id, owner.token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404]);
    for (const action of ['pause', 'resume', 'enable', 'rotate-secret'])
      expectProblem(await post(action), 404, 'not_found');
    expectProblem(
      await app.call('GET', path(`${destination.id}/secret`), { token: owner.token }),
      404,
      'not_found',
    );
    expectProblem(
      await app.call('PATCH', path(destination.id), { token: owner.token, body: {} }),
      404,
      'not_found',
    );
  });

  it('is for Admins of the account, in their account', async () => {
    expectProblem(await remove(destination.id), 401, 'unauthenticated');
    expectProblem(await remove(destination.id, member.token), 403, 'forbidden');
    for (const caller of [stranger, otherOwner])
      expectProblem(await remove(destination.id, caller.token), 404, 'not_found');
    for (const id of [foreign.id, UNKNOWN, 'abc'])
      expectProblem(await remove(id, owner.token), 404, 'not_found');
    expect((await rowOf(foreign.id)).deleted_at).toBeNull();
  });
});

describe('pausing, resuming and enabling', () => {
  const disable = () =>
    app.app.get(DestinationReader, { strict: false }).disable(destination.id, 'It answered 410.');

  it('holds what waits while paused and makes it due when resumed', async () => {
    const [fresh, retrying] = [await addDelivery(), await addDelivery('retrying', 2)];
    const paused = await post('pause');
    expect(paused.status).toBe(200);
    expect(paused.headers.get('etag')).toBe('"2"');
    expect(paused.body).toMatchObject({
      state: 'paused',
      disabled_reason: null,
      version: 2,
      updated_by: owner.user.id,
    });
    for (const id of [fresh, retrying])
      expect(await deliveryOf(id)).toMatchObject({ status: 'held', held: true });
    const resumed = await post('resume');
    expect(resumed.body).toMatchObject({ state: 'active', version: 3 });
    const rows = await app.dataSource.query(
      `SELECT count(*)::int AS held FROM deliveries WHERE destination_id = $1 AND status = 'held'`,
      [destination.id],
    );
    expect(rows).toEqual([{ held: 0 }]);
  });

  it('changes nothing when the state is there already', async () => {
    expect((await post('resume')).body).toEqual(destination);
    expect((await post('enable')).body).toEqual(destination);
    const paused = (await post('pause')).body;
    expect((await post('pause')).body).toEqual(paused);
  });

  it('enables what was disabled; resuming or pausing it is 409 and says so', async () => {
    const delivery = await addDelivery();
    expect(await disable()).toBe(true);
    expect(await deliveryOf(delivery)).toMatchObject({ status: 'held', held: true });
    expect(await read()).toMatchObject({
      state: 'disabled',
      disabled_reason: 'It answered 410.',
      version: 2,
    });
    for (const action of ['resume', 'pause']) {
      const answer = await post(action);
      expectProblem(answer, 409, 'conflict');
      expect(answer.body.detail).toContain('enable it');
    }
    const enabled = await post('enable');
    expect(enabled.status).toBe(200);
    expect(enabled.body).toMatchObject({ state: 'active', disabled_reason: null, version: 3 });
  });

  it('does not enable what is paused, nor disable it', async () => {
    await post('pause');
    const answer = await post('enable');
    expectProblem(answer, 409, 'conflict');
    expect(answer.body.detail).toContain('resume it');
    expect(await disable()).toBe(false);
    expect((await read()).state).toBe('paused');
  });

  it.each(['pause', 'resume', 'enable'])(
    '%s is for Admins of the account, in their account',
    async (action) => {
      expectProblem(await app.call('POST', path(`${destination.id}/${action}`)), 401, 'unauthenticated');
      expectProblem(await post(action, member.token), 403, 'forbidden');
      for (const caller of [stranger, otherOwner])
        expectProblem(await post(action, caller.token), 404, 'not_found');
      for (const id of [foreign.id, UNKNOWN, 'abc'])
        expectProblem(await post(action, owner.token, undefined, id), 404, 'not_found');
      expect((await rowOf(foreign.id)).state).toBe('active');
    },
  );
});

describe('the signing secret', () => {
  const secret = async (token = owner.token, id = destination.id) =>
    app.call('GET', path(`${id}/secret`), { token });
  const deliverable = async () =>
    (await app.app.get(DestinationReader, { strict: false }).forDelivery([destination.id])).get(
      destination.id,
    ) as DeliverableDestination;

  it('is made by the server and shown by its own call', async () => {
    const answer = await secret();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ signing_secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) });
    expect(destination).not.toHaveProperty('signing_secret');
    expect((await deliverable()).signingSecrets).toEqual([answer.body.signing_secret]);
  });

  it('is replaced at once without grace', async () => {
    const before = (await secret()).body.signing_secret;
    const answer = await post('rotate-secret');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      signing_secret: expect.stringMatching(/^whsec_/),
      previous_expires_at: null,
    });
    expect(answer.body.signing_secret).not.toBe(before);
    expect((await secret()).body.signing_secret).toBe(answer.body.signing_secret);
    expect((await deliverable()).signingSecrets).toEqual([answer.body.signing_secret]);
    expect(await read()).toMatchObject({ version: 2 });
  });

  it('signs beside the new one while its grace lasts', async () => {
    const first = (await secret()).body.signing_secret;
    const { body } = await post('rotate-secret', owner.token, { grace_seconds: 3600 });
    const remaining = Date.parse(body.previous_expires_at) - Date.now();
    expect(remaining).toBeGreaterThan(3_500_000);
    expect(remaining).toBeLessThan(3_700_000);
    const during = await deliverable();
    expect(during.signingSecrets).toEqual([body.signing_secret, first]);
    expect(during.previousSecretExpiresAt!.toISOString()).toBe(body.previous_expires_at);
    await app.dataSource.query(
      `UPDATE destinations SET previous_secret_expires_at = now() - interval '1 second' WHERE id = $1`,
      [destination.id],
    );
    expect(await deliverable()).toMatchObject({
      signingSecrets: [body.signing_secret],
      previousSecretExpiresAt: null,
    });
  });

  it('drops the one before the last at the next rotation', async () => {
    const second = (await post('rotate-secret', owner.token, { grace_seconds: 3600 })).body.signing_secret;
    const third = (await post('rotate-secret', owner.token, { grace_seconds: 3600 })).body.signing_secret;
    expect((await deliverable()).signingSecrets).toEqual([third, second]);
    const fourth = (await post('rotate-secret', owner.token, { grace_seconds: 0 })).body.signing_secret;
    expect((await deliverable()).signingSecrets).toEqual([fourth]);
  });

  it.each([
    ['a negative grace', { grace_seconds: -1 }, 'grace_seconds'],
    ['a grace of more than a week', { grace_seconds: 604_801 }, 'grace_seconds'],
    ['a grace that is text', { grace_seconds: '1' }, 'grace_seconds'],
    ['a null grace', { grace_seconds: null }, 'grace_seconds'],
    ['a secret of its own', { signing_secret: 'whsec_mine' }, 'signing_secret'],
  ])('refuses %s', async (_, body, field) => {
    expectProblem(await post('rotate-secret', owner.token, body), 400, 'invalid_data', field);
  });

  it('is for Admins of the account, in their account', async () => {
    expectProblem(await app.call('GET', path(`${destination.id}/secret`)), 401, 'unauthenticated');
    expectProblem(await app.call('POST', path(`${destination.id}/rotate-secret`)), 401, 'unauthenticated');
    expectProblem(await secret(member.token), 403, 'forbidden');
    expectProblem(await post('rotate-secret', member.token), 403, 'forbidden');
    for (const caller of [stranger, otherOwner]) {
      expectProblem(await secret(caller.token), 404, 'not_found');
      expectProblem(await post('rotate-secret', caller.token), 404, 'not_found');
    }
    for (const id of [foreign.id, UNKNOWN, 'abc']) {
      expectProblem(await secret(owner.token, id), 404, 'not_found');
      expectProblem(await post('rotate-secret', owner.token, {}, id), 404, 'not_found');
    }
    expect((await rowOf(foreign.id)).version).toBe(1);
  });
});
