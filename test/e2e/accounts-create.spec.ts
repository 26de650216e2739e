import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTwoAccounts } from '../support/accounts.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestUser, createAccount } from '../support/factories.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let admin: TestUser;
let owner: TestUser;
let stranger: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  ({ admin, owner, stranger } = await createTwoAccounts(app));
});

afterAll(() => app?.close());

describe('POST /accounts', () => {
  it('creates an account whose creator is its first Admin', async () => {
    const body = {
      account_name: '  Webhook Test  ',
      website: 'https://webhook.site',
      email: 'Test@Example.com',
    };
    const answer = await app.call('POST', '/api/accounts', { token: admin.token, body });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      account_name: 'Webhook Test',
      website: 'https://webhook.site',
      email: 'test@example.com',
      app_secret_token: expect.stringMatching(/^[\w-]{43}$/),
      rate_limit_per_second: 5,
      require_event_id: false,
      created_by: admin.user.id,
      updated_by: admin.user.id,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: expect.any(String),
    });
    const members = await app.call('GET', `/accounts/${answer.body.id}/members`, { token: admin.token });
    expect(members.body.data).toMatchObject([
      { user_id: admin.user.id, role_name: 'Admin', status: 'member' },
    ]);
  });

  it('keeps the token encrypted and its hash to look it up', async () => {
    const { id, app_secret_token: token } = await createAccount(app, admin);
    const [row] = await app.dataSource.query('SELECT * FROM account_tokens WHERE account_id = $1', [id]);
    expect(row.token_sha256).toHaveLength(32);
    expect(JSON.stringify(row)).not.toContain(token);
  });

  it('needs a name only', async () => {
    const answer = await app.call('POST', '/accounts', { token: admin.token, body: { account_name: 'N' } });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ website: null, email: null });
  });

  it.each([
    ['no name', {}, 'account_name'],
    ['a null name', { account_name: null }, 'account_name'],
    ['an empty name', { account_name: '  ' }, 'account_name'],
    ['a name that is no text', { account_name: 7 }, 'account_name'],
    ['a name that is too long', { account_name: 'x'.repeat(201) }, 'account_name'],
    ['a NUL in the name', { account_name: 'a\0b' }, 'account_name'],
    ['half a surrogate pair in the name', { account_name: 'a\ud800' }, 'account_name'],
    ['a website without protocol', { account_name: 'x', website: 'webhook.site' }, 'website'],
    ['a website of another protocol', { account_name: 'x', website: 'javascript://a' }, 'website'],
    ['a website that is no text', { account_name: 'x', website: {} }, 'website'],
    ['a NUL in the website', { account_name: 'x', website: 'https://a.example/\0' }, 'website'],
    [
      'half a surrogate pair in the website',
      { account_name: 'x', website: 'https://a.example/\ud800' },
      'website',
    ],
    [
      'a website that is too long',
      { account_name: 'x', website: `https://a.example/${'x'.repeat(2048)}` },
      'website',
    ],
    ['a broken e-mail', { account_name: 'x', email: 'nobody' }, 'email'],
    ['an e-mail that is no text', { account_name: 'x', email: ['a@example.com'] }, 'email'],
    ['an unknown field', { account_name: 'x', app_secret_token: 'mine' }, 'app_secret_token'],
    [
      'a limit, which is set by a change',
      { account_name: 'x', rate_limit_per_second: 9 },
      'rate_limit_per_second',
    ],
  ])('refuses %s', async (_, body, field) => {
    expectProblem(
      await app.call('POST', '/accounts', { token: admin.token, body }),
      400,
      'invalid_data',
      field,
    );
  });

  it.each(['[]', '"text"', 'null', '7', '{', ''])('refuses the body %s', async (raw) => {
    const before = await app.dataSource.query('SELECT count(*) FROM accounts');
    const answer = await app.call('POST', '/accounts', { token: admin.token, raw });
    expectProblem(answer, 400, 'invalid_data');
    expect(await app.dataSource.query('SELECT count(*) FROM accounts')).toEqual(before);
  });

  it('refuses an e-mail that another account has, whatever its case', async () => {
    const body = { account_name: 'x', email: 'taken@example.com' };
    expect((await app.call('POST', '/accounts', { token: admin.token, body })).status).toBe(201);
    const again = { account_name: 'y', email: 'TAKEN@example.com' };
    expectProblem(
      await app.call('POST', '/accounts', { token: admin.token, body: again }),
      409,
      'conflict',
      'email',
    );
  });

  it('lets exactly one of several accounts with the same e-mail in', async () => {
    const body = { account_name: 'race', email: 'race@example.com' };
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => app.call('POST', '/accounts', { token: admin.token, body })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it('is for Admins', async () => {
    const body = { account_name: 'x' };
    expectProblem(await app.call('POST', '/accounts', { body }), 401, 'unauthenticated');
    expectProblem(await app.call('POST', '/accounts', { body, token: owner.token }), 403, 'forbidden');
    expectProblem(await app.call('POST', '/accounts', { body, token: stranger.token }), 403, 'forbidden');
  });
});
