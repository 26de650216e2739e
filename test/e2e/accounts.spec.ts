import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  registerAdmin,
  registerUser,
} from '../support/factories.js';

const UNKNOWN = '01920000-0000-7000-8000-000000000000';

let app: TestApp;
let admin: TestUser;
let owner: TestUser;
let member: TestUser;
let otherOwner: TestUser;
let stranger: TestUser;
let account: TestAccount;
let other: TestAccount;

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
});

afterAll(() => app.close());

function expectProblem(answer: TestAnswer, status: number, code: string, field?: string): void {
  expect(answer.body).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  if (status === 400) expect(answer.body.title).toBe('Invalid Data');
  if (field) expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
}

const tokenRows = (accountId: string): Promise<{ expires_in: number | null }[]> =>
  app.dataSource.query(
    `SELECT extract(epoch FROM expires_at - now())::float AS expires_in FROM account_tokens
     WHERE account_id = $1 ORDER BY expires_at NULLS FIRST`,
    [accountId],
  );

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

describe('GET /accounts', () => {
  const list = async (token: string, query = '') => {
    const answer = await app.call('GET', `/accounts${query}`, { token });
    expect(answer.status).toBe(200);
    return answer.body as { data: TestAccount[]; page: { next: string | null; limit: number } };
  };
  const idsOf = ({ data }: { data: TestAccount[] }) => data.map(({ id }) => id);

  it('shows members the accounts they belong to and nobody else’s', async () => {
    expect(idsOf(await list(owner.token))).toEqual([account.id]);
    expect(idsOf(await list(member.token))).toEqual([account.id]);
    expect(idsOf(await list(otherOwner.token))).toEqual([other.id]);
    expect(await list(stranger.token)).toEqual({ data: [], page: { next: null, limit: 50 } });
  });

  it('shows Admins every account, newest first', async () => {
    const ids = idsOf(await list(admin.token, '?limit=200'));
    expect(ids).toEqual(expect.arrayContaining([account.id, other.id]));
    expect(ids).toEqual([...ids].sort().reverse());
  });

  it('shows tokens to Admins of the account only', async () => {
    expect((await list(owner.token)).data[0]!.app_secret_token).toBe(account.app_secret_token);
    expect((await list(member.token)).data[0]).not.toHaveProperty('app_secret_token');
    const seen = (await list(admin.token, '?limit=200')).data.find(({ id }) => id === other.id);
    expect(seen!.app_secret_token).toBe(other.app_secret_token);
  });

  it('pages through all of them without a gap or a repeat', async () => {
    const all = idsOf(await list(admin.token, '?limit=200'));
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Awaited<ReturnType<typeof list>> = await list(
        admin.token,
        `?limit=3${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...idsOf(page));
      cursor = page.page.next;
    }
    expect(seen).toEqual(all);
  });

  it('finds part of the name, e-mail or web site, wildcards taken literally', async () => {
    const made = await createAccount(app, admin, {
      account_name: 'Ünïque 100%_name',
      email: 'findme@example.com',
      website: 'https://find.example/path',
    });
    for (const q of ['ünïque', '100%_', 'FINDME@', 'find.example/p'])
      expect(idsOf(await list(admin.token, `?q=${encodeURIComponent(q)}`))).toEqual([made.id]);
    expect(idsOf(await list(admin.token, `?q=${encodeURIComponent('100__name')}`))).toEqual([]);
  });

  it('filters by time of creation', async () => {
    const { body } = await app.call('GET', `/accounts/${account.id}`, { token: admin.token });
    const at = encodeURIComponent(body.created_at);
    expect(idsOf(await list(owner.token, `?created_from=${at}`))).toEqual([account.id]);
    expect(idsOf(await list(owner.token, `?created_to=${at}`))).toEqual([]);
    expect(
      idsOf(await list(owner.token, '?created_from=2020-01-01&created_to=2999-01-01T00:00:00Z')),
    ).toEqual([account.id]);
    expect(idsOf(await list(owner.token, '?created_from=2999-01-01'))).toEqual([]);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=x', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=bogus', 'cursor'],
    ['cursor=', 'cursor'],
    ['created_from=yesterday', 'created_from'],
    ['created_from=2024-13-45', 'created_from'],
    ['created_from=0000-01-01', 'created_from'],
    ['created_to=2024-01-01T10:00:00%2B29:00', 'created_to'],
    ['created_to=', 'created_to'],
    ['q=%00', 'q'],
    ['q=a&q=b', 'q'],
    ['page=2', 'page'],
  ])('refuses ?%s', async (query, field) => {
    expectProblem(
      await app.call('GET', `/accounts?${query}`, { token: admin.token }),
      400,
      'invalid_data',
      field,
    );
  });

  it('needs a token', async () => {
    expectProblem(await app.call('GET', '/accounts'), 401, 'unauthenticated');
    expectProblem(await app.call('GET', '/accounts', { token: 'nonsense' }), 401, 'unauthenticated');
  });
});

describe('GET /accounts/{id}', () => {
  it('shows the token to Admins of the account and to Admins', async () => {
    for (const reader of [admin, owner]) {
      const answer = await app.call('GET', `/accounts/${account.id}`, { token: reader.token });
      expect(answer.status).toBe(200);
      expect(answer.body.app_secret_token).toBe(account.app_secret_token);
    }
  });

  it('shows Users of the account everything but the token', async () => {
    const answer = await app.call('GET', `/api/accounts/${account.id}/`, { token: member.token });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: account.id, account_name: account.account_name });
    expect(answer.body).not.toHaveProperty('app_secret_token');
  });

  it('is 404 for who is no member, for unknown ids and for ids that are none', async () => {
    for (const reader of [stranger, otherOwner])
      expectProblem(
        await app.call('GET', `/accounts/${account.id}`, { token: reader.token }),
        404,
        'not_found',
      );
    for (const id of [UNKNOWN, 'abc', '7', '%00', `${account.id}x`])
      expectProblem(await app.call('GET', `/accounts/${id}`, { token: admin.token }), 404, 'not_found');
  });

  it('answers alike for an account of others and one that never was', async () => {
    const foreign = await app.call('GET', `/accounts/${account.id}`, { token: stranger.token });
    const unknown = await app.call('GET', `/accounts/${UNKNOWN}`, { token: stranger.token });
    expect({ ...foreign.body, request_id: 0 }).toEqual({ ...unknown.body, request_id: 0 });
  });

  it('needs a token', async () => {
    expectProblem(await app.call('GET', `/accounts/${account.id}`), 401, 'unauthenticated');
  });
});

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
    expect(await tokenRows(mine.id)).toEqual([{ expires_in: null }]);
    const read = await app.call('GET', `/accounts/${mine.id}`, { token: owner.token });
    expect(read.body.app_secret_token).toBe(answer.body.app_secret_token);
  });

  it('lets the old token live out its grace, and only the one before', async () => {
    await rotate({ grace_seconds: 60 });
    const [current, previous, ...rest] = await tokenRows(mine.id);
    expect(current).toEqual({ expires_in: null });
    expect(previous!.expires_in).toBeGreaterThan(50);
    expect(previous!.expires_in).toBeLessThanOrEqual(60);
    expect(rest).toEqual([]);
    await rotate({ grace_seconds: 600 });
    const rows = await tokenRows(mine.id);
    expect(rows).toHaveLength(2);
    expect(rows[1]!.expires_in).toBeGreaterThan(500);
    await rotate({ grace_seconds: 0 });
    expect(await tokenRows(mine.id)).toHaveLength(1);
  });

  it('leaves exactly one token in force when rotated several times at once', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => rotate({ grace_seconds: 60 })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const rows = await tokenRows(mine.id);
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

describe('DELETE /accounts/{id}', () => {
  const remove = (id: string, token?: string) => app.call('DELETE', `/accounts/${id}`, { token });

  it('hides the account from everybody, ends its tokens and frees its e-mail', async () => {
    const doomed = await createAccount(app, admin, { email: 'doomed@example.com' });
    await addMember(app, admin, doomed, member, 'User');
    const answer = await remove(doomed.id, admin.token);
    expect(answer.status).toBe(204);
    expect(answer.body).toBe('');
    for (const reader of [admin, member])
      for (const path of ['', '/members', '/destinations'])
        expectProblem(
          await app.call('GET', `/accounts/${doomed.id}${path}`, { token: reader.token }),
          404,
          'not_found',
        );
    const { body } = await app.call('GET', '/accounts?limit=200', { token: admin.token });
    expect(body.data.map(({ id }: TestAccount) => id)).not.toContain(doomed.id);
    expect(await tokenRows(doomed.id)).toEqual([]);
    await createAccount(app, admin, { email: 'doomed@example.com' });
  });

  it('cancels what was still to deliver, with the reason', async () => {
    const doomed = await createAccount(app, admin);
    await app.dataSource.query(
      `INSERT INTO deliveries (id, event, account_id, destination_id, event_id, due_at)
       VALUES ($1, $1, $2, $1, 'order-1', 'infinity')`,
      ['01920000-0000-7000-8000-00000000dead', doomed.id],
    );
    expect((await remove(doomed.id, admin.token)).status).toBe(204);
    expect(await app.dataSource.query('SELECT 1 FROM deliveries WHERE account_id = $1', [doomed.id])).toEqual(
      [],
    );
    expect(
      await app.dataSource.query('SELECT status, last_error FROM finished_deliveries WHERE account_id = $1', [
        doomed.id,
      ]),
    ).toEqual([{ status: 'cancelled', last_error: 'The account was deleted.' }]);
  });

  it('is 404 the second time, for unknown ids and for ids that are none', async () => {
    const doomed = await createAccount(app, admin);
    const answers = await Promise.all([1, 2, 3].map(() => remove(doomed.id, admin.token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404]);
    for (const id of [doomed.id, UNKNOWN, 'abc', '%00'])
      expectProblem(await remove(id, admin.token), 404, 'not_found');
  });

  it('refuses changes of a deleted account', async () => {
    const doomed = await createAccount(app, admin);
    await remove(doomed.id, admin.token);
    const token = admin.token;
    expectProblem(
      await app.call('PATCH', `/accounts/${doomed.id}`, { token, body: { account_name: 'x' } }),
      404,
      'not_found',
    );
    expectProblem(await app.call('POST', `/accounts/${doomed.id}/rotate-token`, { token }), 404, 'not_found');
    expect(await tokenRows(doomed.id)).toEqual([]);
  });

  it('is for Admins', async () => {
    expectProblem(await remove(account.id), 401, 'unauthenticated');
    for (const caller of [owner, member])
      expectProblem(await remove(account.id, caller.token), 403, 'forbidden');
    for (const caller of [stranger, otherOwner])
      expectProblem(await remove(account.id, caller.token), 404, 'not_found');
    expect((await app.call('GET', `/accounts/${account.id}`, { token: member.token })).status).toBe(200);
  });
});
