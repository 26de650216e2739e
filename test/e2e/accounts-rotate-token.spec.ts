import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTwoAccounts, tokenRows } from '../support/accounts.js';
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

describe('POST /accounts/{id}/rotate-token', () => {
  let mine: TestAccount;
  const rotate = (body?: unknown, token = owner.token, id = mine.id) =>
    app.call('POST', `/accounts/${id}/rotate-token`, { token, ...(body === undefined ? {} : { body }) });

  beforeAll(async () => {
    mine = await createAccount(app, admin);
    await addMember(app, admin, mine, owner, 'Admin');
    await addMember(app, admin, mine, member, 'User');
  });

  it('puts a new token in force at once; without grace the old one is gone', async () => {
    const answer = await rotate();
    expect(answer.status).toBe(200);
    expect(answer.body.app_secret_token).toMatch(/^[\w-]{43}$/);
    expect(answer.body.app_secret_token).not.toBe(mine.app_secret_token);
    expect(answer.body.updated_by).toBe(owner.user.id);
    expect(await tokenRows(app, mine.id)).toEqual([{ expires_in: null }]);
    const read = await app.call('GET', `/accounts/${mine.id}`, { token: owner.token });
    expect(read.body.app_secret_token).toBe(answer.body.app_secret_token);
  });

  it('lets the old token live out its grace, and only the one before', async () => {
    await rotate({ grace_seconds: 60 });
    const [current, previous, ...rest] = await tokenRows(app, mine.id);
    expect(current).toEqual({ expires_in: null });
    expect(previous!.expires_in).toBeGreaterThan(50);
    expect(previous!.expires_in).toBeLessThanOrEqual(60);
    expect(rest).toEqual([]);
    await rotate({ grace_seconds: 600 });
    const rows = await tokenRows(app, mine.id);
    expect(rows).toHaveLength(2);
    expect(rows[1]!.expires_in).toBeGreaterThan(500);
    await rotate({ grace_seconds: 0 });
    expect(await tokenRows(app, mine.id)).toHaveLength(1);
  });

  it('leaves exactly one token in force when rotated several times at once', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => rotate({ grace_seconds: 60 })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const rows = await tokenRows(app, mine.id);
    expect(rows).toHaveLength(2);
    expect(rows.filter(({ expires_in }) => expires_in === null)).toHaveLength(1);
    const read = await app.call('GET', `/accounts/${mine.id}`, { token: owner.token });
    expect(answers.map(({ body }) => body.app_secret_token)).toContain(read.body.app_secret_token);
  });

  it.each([
    ['a negative grace', { grace_seconds: -1 }, 'grace_seconds'],
    ['a grace of more than a week', { grace_seconds: 604_801 }, 'grace_seconds'],
    ['a grace that is text', { grace_seconds: '60' }, 'grace_seconds'],
    ['a null grace', { grace_seconds: null }, 'grace_seconds'],
    ['an unknown field', { token: 'x' }, 'token'],
  ])('refuses %s', async (_, body, field) => {
    expectProblem(await rotate(body), 400, 'invalid_data', field);
  });

  it('is for Admins of the account', async () => {
    expectProblem(await app.call('POST', `/accounts/${mine.id}/rotate-token`), 401, 'unauthenticated');
    expectProblem(await rotate({}, member.token), 403, 'forbidden');
    expectProblem(await rotate({}, stranger.token), 404, 'not_found');
    expectProblem(await rotate({}, otherOwner.token), 404, 'not_found');
    expectProblem(await rotate({}, admin.token, UNKNOWN), 404, 'not_found');
  });
});
