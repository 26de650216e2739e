import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type DestinationAnswer,
  MASKED,
  SECRET_HEADERS,
  URL_A,
  createTwoAccountsWithDestination,
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
let other: TestAccount;
let foreign: { id: string };
let destination: DestinationAnswer;

beforeAll(async () => {
  app = await createTestApp();
  ({ admin, owner, member, otherOwner, stranger, account, other, foreign } =
    await createTwoAccountsWithDestination(app));
});

beforeEach(async () => {
  destination = (await create({ url: URL_A, headers: SECRET_HEADERS })).body;
});

afterAll(() => app?.close());

const { path, create, read } = destinationCalls(() => ({ app, owner, account, destination }));

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
    expect(await rowOf(app, foreign.id)).toMatchObject({
      account_id: other.id,
      description: null,
      version: 1,
    });
  });

  it('is for members', async () => {
    expectProblem(await app.call(method, path(destination.id), { body: {} }), 401, 'unauthenticated');
    for (const caller of [stranger, otherOwner])
      expectProblem(await change({}, caller.token), 404, 'not_found');
  });
});
