import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTwoAccounts } from '../support/accounts.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, UNKNOWN, addMember, createAccount } from '../support/factories.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let admin: TestUser;
let owner: TestUser;
let member: TestUser;
let otherOwner: TestUser;
let stranger: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  ({ admin, owner, member, otherOwner, stranger } = await createTwoAccounts(app));
});

afterAll(() => app?.close());

describe.each(['PUT', 'PATCH'])('%s /accounts/{id}', (method) => {
  let mine: TestAccount;
  const change = (body: unknown, token = owner.token, id = mine.id) =>
    app.call(method, `/accounts/${id}`, { token, body });

  beforeAll(async () => {
    mine = await createAccount(app, admin, {
      website: 'https://old.example',
      email: `${method}@old.example`,
    });
    await addMember(app, admin, mine, owner, 'Admin');
    await addMember(app, admin, mine, member, 'User');
  });

  it('changes what was sent and leaves the rest', async () => {
    const answer = await change({ account_name: 'New name' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      account_name: 'New name',
      website: 'https://old.example',
      app_secret_token: mine.app_secret_token,
      created_by: admin.user.id,
      updated_by: owner.user.id,
    });
    expect(Date.parse(answer.body.updated_at)).toBeGreaterThanOrEqual(Date.parse(answer.body.created_at));
    expect((await app.call('GET', `/accounts/${mine.id}`, { token: owner.token })).body).toEqual(answer.body);
  });

  it('clears website and e-mail with null', async () => {
    const answer = await change({ website: null, email: null });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ website: null, email: null });
  });

  it('takes an empty object', async () => {
    expect((await change({})).status).toBe(200);
  });

  it('changes limit and require_event_id for Admins only', async () => {
    const answer = await change({ rate_limit_per_second: 50, require_event_id: true }, admin.token);
    expect(answer.body).toMatchObject({ rate_limit_per_second: 50, require_event_id: true });
    expectProblem(await change({ rate_limit_per_second: 60 }), 403, 'forbidden');
    expectProblem(await change({ account_name: 'x', require_event_id: false }), 403, 'forbidden');
  });

  it.each([
    ['a null name', { account_name: null }, 'account_name'],
    ['an empty name', { account_name: '' }, 'account_name'],
    ['a broken website', { website: 'x' }, 'website'],
    ['a broken e-mail', { email: 'x' }, 'email'],
    ['a null limit', { rate_limit_per_second: null }, 'rate_limit_per_second'],
    ['a limit of 0', { rate_limit_per_second: 0 }, 'rate_limit_per_second'],
    ['a limit that is too high', { rate_limit_per_second: 1_000_001 }, 'rate_limit_per_second'],
    ['a limit that is text', { rate_limit_per_second: '5' }, 'rate_limit_per_second'],
    ['a limit that is no whole number', { rate_limit_per_second: 1.5 }, 'rate_limit_per_second'],
    ['a null require_event_id', { require_event_id: null }, 'require_event_id'],
    ['require_event_id as text', { require_event_id: 'true' }, 'require_event_id'],
    ['another id', { id: UNKNOWN }, 'id'],
    ['another creator', { created_by: UNKNOWN }, 'created_by'],
  ])('refuses %s', async (_, body, field) => {
    expectProblem(await change(body, admin.token), 400, 'invalid_data', field);
  });

  it('refuses an e-mail that another account has', async () => {
    const email = `${method.toLowerCase()}-taken@example.com`;
    await createAccount(app, admin, { email });
    expectProblem(await change({ email }), 409, 'conflict', 'email');
  });

  it('is for Admins of the account', async () => {
    expectProblem(await app.call(method, `/accounts/${mine.id}`, { body: {} }), 401, 'unauthenticated');
    expectProblem(await change({}, member.token), 403, 'forbidden');
    expectProblem(await change({}, stranger.token), 404, 'not_found');
    expectProblem(await change({}, otherOwner.token), 404, 'not_found');
    expectProblem(await change({}, admin.token, UNKNOWN), 404, 'not_found');
    expectProblem(await change({}, admin.token, 'abc'), 404, 'not_found');
  });
});
