import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTwoAccounts } from '../support/accounts.js';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type DestinationAnswer,
  SECRET_HEADERS,
  URL_A,
  destinationCalls,
  invalidFields,
  rowOf,
} from '../support/destinations.js';
import { type TestAccount, type TestUser, UNKNOWN } from '../support/factories.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let admin: TestUser;
let owner: TestUser;
let member: TestUser;
let otherOwner: TestUser;
let stranger: TestUser;
let account: TestAccount;
let destination: DestinationAnswer;

beforeAll(async () => {
  app = await createTestApp();
  ({ admin, owner, member, otherOwner, stranger, account } = await createTwoAccounts(app));
});

beforeEach(async () => {
  destination = (await create({ url: URL_A, headers: SECRET_HEADERS })).body;
});

afterAll(() => app?.close());

const { path, create } = destinationCalls(() => ({ app, owner, account, destination }));

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
    const row = await rowOf(app, destination.id);
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
