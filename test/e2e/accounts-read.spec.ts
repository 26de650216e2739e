import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTwoAccounts } from '../support/accounts.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, UNKNOWN, createAccount } from '../support/factories.js';
import { expectProblem } from '../support/problems.js';

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
  ({ admin, owner, member, otherOwner, stranger, account, other } = await createTwoAccounts(app));
});

afterAll(() => app?.close());

describe('GET /accounts', () => {
  const list = async (token: string, query = '') => {
    const answer = await app.call('GET', `/accounts${query}`, { token });
    expect(answer.status).toBe(200);
    return answer.body as { data: TestAccount[]; page: { next: string | null; limit: number } };
  };
  const idsOf = ({ data }: { data: TestAccount[] }) => data.map(({ id }) => id);

  // With the two that are there, three pages of 3.
  beforeAll(async () => {
    for (const name of ['one', 'two', 'three', 'four', 'five'])
      await createAccount(app, admin, { website: `https://${name}.example`, email: `${name}@example.com` });
  });

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
    expect(all.length).toBeGreaterThan(6);
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
