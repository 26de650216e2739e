import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type AuditEntry, auditCalls } from '../support/audit.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  registerAdmin,
  registerUser,
} from '../support/factories.js';

describe('the audit log', { timeout: 60_000 }, () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
    account = await createAccount(app, admin);
  });

  afterAll(() => app?.close());

  const { list, newest } = auditCalls(() => ({ app, admin }));

  it('pages and searches by every criterion, combined', async () => {
    const other = await registerUser(app);
    const mine = await createAccount(app, admin);
    await addMember(app, admin, mine, other, 'Admin');
    await app.call('PATCH', `/accounts/${mine.id}`, {
      token: other.token,
      body: { website: 'https://a.example' },
    });
    const found = async (query: string) => (await list(query)).data.map(({ action }) => action);
    expect(await found(`?account_id=${mine.id}`)).toEqual(['patchAccount', 'createMember', 'createAccount']);
    expect(await found(`?actor=${other.user.id}`)).toEqual(['patchAccount', 'registerUser']);
    expect(await found(`?actor=${other.email.toUpperCase()}&action=registerUser`)).toEqual(['registerUser']);
    expect(await found(`?target_id=${mine.id}&q=a.EXAMPLE`)).toEqual(['patchAccount']);
    const { at } = await newest();
    expect(await found(`?account_id=${mine.id}&from=${at}`)).toEqual(['patchAccount']);
    expect(await found(`?account_id=${mine.id}&to=${at}`)).toEqual(['createMember', 'createAccount']);
    const first = await list(`?account_id=${mine.id}&limit=2`);
    const rest = await list(`?account_id=${mine.id}&limit=2&cursor=${first.page.next}`);
    expect(rest).toMatchObject({ data: [{ action: 'createAccount' }], page: { next: null } });
  });

  it('is for Admins; those of an account see what happened in it', async () => {
    const owner = await registerUser(app);
    const mine = await createAccount(app, admin);
    await addMember(app, admin, mine, owner, 'Admin');
    expect((await app.call('GET', '/audit', { token: owner.token })).status).toBe(403);
    expect((await app.call('GET', '/audit')).status).toBe(401);
    const path = `/accounts/${mine.id}/audit`;
    const { body } = await app.call('GET', path, { token: owner.token });
    expect(body.data.map(({ action }: AuditEntry) => action)).toEqual(['createMember', 'createAccount']);
    expect((await app.call('GET', `/accounts/${account.id}/audit`, { token: owner.token })).status).toBe(404);
    const foreign = await app.call('GET', `${path}?account_id=${account.id}`, { token: owner.token });
    expect(foreign).toMatchObject({ status: 400, body: { errors: [{ field: 'account_id' }] } });
  });

  it.each(['actor=', 'api_key_id=x', 'target_id=x', 'from=yesterday', 'limit=201', 'cursor=x', 'colour=red'])(
    'refuses ?%s and names the parameter',
    async (query) => {
      const { status, body } = await app.call('GET', `/audit?${query}`, { token: admin.token });
      expect(status).toBe(400);
      expect(body.errors[0].field).toBe(query.split('=')[0]);
    },
  );
});
