import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { verifyAudit } from '../support/audit.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  registerAdmin,
  registerUser,
} from '../support/factories.js';

interface Entry {
  seq: number;
  via: string;
  actor_id: string;
  api_key_id: string | null;
  changes: Record<string, [unknown, unknown]>;
}

describe('the API key of a change', { timeout: 60_000 }, () => {
  let app: TestApp;
  let admin: TestUser;
  let owner: TestUser;
  let account: TestAccount;
  let counter = 0;

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
    owner = await registerUser(app);
    account = await createAccount(app, admin);
    await addMember(app, admin, account, owner, 'Admin');
  });
  afterAll(() => app?.close());

  const list = async (query: string, path = '/audit', token = admin.token) => {
    const { status, body } = await app.call('GET', `${path}?${query}`, { token });
    expect(status).toBe(200);
    return body as { data: Entry[]; page: { next: string | null } };
  };
  const newKey = async (user = owner): Promise<{ id: string; key: string }> => {
    const body = { name: `key ${counter++}`, currentPassword: user.password };
    return (await app.call('POST', '/user/api-keys', { token: user.token, body })).body;
  };
  const rename = async (token: string) => {
    const body = { account_name: `Name ${counter++}` };
    expect((await app.call('PATCH', `/accounts/${account.id}`, { token, body })).status).toBe(200);
    return body.account_name;
  };
  const namesOf = ({ data }: { data: Entry[] }) => data.map(({ changes }) => changes.account_name?.[1]);

  it('is named beside the user it acts as; a session has none', async () => {
    const { id, key } = await newKey();
    await rename(key);
    await rename(owner.token);
    const { data } = await list(`account_id=${account.id}&limit=2`);
    expect(data).toMatchObject([
      { via: 'session', actor_id: owner.user.id, api_key_id: null },
      { via: 'api_key', actor_id: owner.user.id, api_key_id: id },
    ]);
  });

  it('is what to look for in both lists, page by page', async () => {
    const [mine, other] = [await newKey(), await newKey()];
    const made: string[] = [];
    for (let times = 0; times < 3; times++) {
      made.unshift(await rename(mine.key));
      await rename(other.key);
    }
    for (const [path, token] of [
      ['/audit', admin.token],
      [`/accounts/${account.id}/audit`, owner.token],
    ] as const) {
      expect(namesOf(await list(`api_key_id=${mine.id.toUpperCase()}`, path, token))).toEqual(made);
      const first = await list(`api_key_id=${mine.id}&limit=2`, path, token);
      const rest = await list(`api_key_id=${mine.id}&limit=2&cursor=${first.page.next}`, path, token);
      expect([...namesOf(first), ...namesOf(rest)]).toEqual(made);
      expect(rest.page.next).toBeNull();
    }
    const elsewhere = await createAccount(app, admin);
    expect((await list(`api_key_id=${mine.id}&account_id=${elsewhere.id}`)).data).toEqual([]);
  });

  it('stays named when it is revoked, and when its user is deleted', async () => {
    const { id, key } = await newKey();
    const name = await rename(key);
    await app.call('DELETE', `/user/api-keys/${id}`, { token: owner.token });
    expect(namesOf(await list(`api_key_id=${id}`))).toEqual([name]);
    const user = await registerUser(app);
    await addMember(app, admin, account, user, 'Admin');
    const gone = await newKey(user);
    const last = await rename(gone.key);
    await app.call('DELETE', `/user/users/${user.user.id}`, { token: admin.token });
    expect(await app.dataSource.query('SELECT 1 FROM api_keys WHERE id = $1', [gone.id])).toEqual([]);
    expect(namesOf(await list(`api_key_id=${gone.id}`))).toEqual([last]);
  });

  it.each([
    ['replaced', 'api_key_id IS NOT NULL', 'gen_random_uuid()'],
    ['taken away', 'api_key_id IS NOT NULL', 'NULL'],
    ['made up', 'api_key_id IS NULL', 'gen_random_uuid()'],
  ])('is not %s without cli audit verify telling the row', async (_, which, value) => {
    const { key } = await newKey();
    await rename(key);
    await rename(owner.token);
    const [{ seq, was }] = await app.dataSource.query(
      `SELECT seq, api_key_id AS was FROM audit_log WHERE ${which} ORDER BY seq DESC LIMIT 1`,
    );
    const put = async (text: string, values: unknown[]) => {
      await app.dataSource.query('ALTER TABLE audit_log DISABLE TRIGGER USER');
      await app.dataSource.query(`UPDATE audit_log SET api_key_id = ${text} WHERE seq = $1`, values);
      await app.dataSource.query('ALTER TABLE audit_log ENABLE TRIGGER USER');
    };
    await put(value, [seq]);
    expect(await verifyAudit(app)).toMatchObject({
      code: 1,
      stderr: `row ${seq} was changed: its hash is not that of its content\n`,
    });
    await put('$2', [seq, was]);
    expect((await verifyAudit(app)).code).toBe(0);
  });
});
