import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { databaseEnv, runCli } from '../support/cli.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
} from '../support/factories.js';
import { startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

interface Entry extends Record<string, unknown> {
  seq: number;
  id: string;
  at: string;
  action: string;
  changes: Record<string, [unknown, unknown]>;
  prev_hash: string;
  hash: string;
}

/** RFC 8785, once more: anybody can check a row with what the documentation says. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const present = Object.entries(value).filter(([, item]) => item !== undefined);
  const sorted = present.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}

const hashOf = (entry: Entry) =>
  createHash('sha256')
    .update(canonical({ ...entry, hash: undefined, api_key_id: entry.api_key_id ?? undefined }))
    .digest('hex');

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

  const list = async (query = '', token = admin.token) => {
    const { status, body } = await app.call('GET', `/audit${query}`, { token });
    expect(status).toBe(200);
    return body as { data: Entry[]; page: { next: string | null } };
  };
  const newest = async (query = '') => (await list(`?limit=1${query}`)).data[0]!;
  const patch = (body: object, headers = {}) =>
    app.call('PATCH', `/accounts/${account.id}`, { token: admin.token, body, headers });

  it('says who changed what, from what to what, and how it came', async () => {
    const { body } = await app.call('GET', `/accounts/${account.id}`, { token: admin.token });
    await patch({ account_name: 'Ünicode "x"', require_event_id: true }, { 'x-request-id': 'request-17' });
    expect(await newest()).toEqual({
      seq: expect.any(Number),
      id: expect.any(String),
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/),
      action: 'patchAccount',
      via: 'session',
      actor_id: admin.user.id,
      actor_email: admin.email,
      api_key_id: null,
      target_type: 'account',
      target_id: account.id,
      account_id: account.id,
      changes: {
        account_name: [body.account_name, 'Ünicode "x"'],
        require_event_id: [false, true],
      },
      request_id: 'request-17',
      ip: '127.0.0.1',
      prev_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('does not blame a user for what an Admin changed at the same time', async () => {
    const user = await registerUser(app);
    const runner = app.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`UPDATE users SET role = 'Admin' WHERE id = $1`, [user.user.id]);
    const email = `new-${user.email}`;
    const body = { email, currentPassword: user.password };
    const changing = app.call('PUT', '/user/profile', { token: user.token, body });
    await waitFor(async () => {
      const [{ waiting }] = await app.dataSource.query(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return waiting > 0;
    });
    await runner.commitTransaction();
    await runner.release();
    expect((await changing).status).toBe(200);
    const { changes } = await newest(`&target_id=${user.user.id}`);
    expect(changes).toEqual({ email: [user.email, email] });
  });

  it('has no row of what changes nothing', async () => {
    const { user } = await registerUser(app);
    const { id } = await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/' });
    const { seq } = await newest();
    const path = `/accounts/${account.id}/destinations/${id}`;
    for (const step of ['resume', 'enable'])
      expect((await app.call('POST', `${path}/${step}`, { token: admin.token })).status).toBe(200);
    for (const body of [{}, { role: 'User' }, { disabled: false }]) {
      const answer = await app.call('PATCH', `/user/users/${user.id}`, { token: admin.token, body });
      expect(answer).toMatchObject({ status: 200, body: { updated_by: user.id } });
    }
    expect((await newest()).seq).toBe(seq);
    expect((await app.call('POST', `${path}/pause`, { token: admin.token })).status).toBe(200);
    expect(await newest()).toMatchObject({ seq: seq + 1, changes: { state: ['active', 'paused'] } });
  });

  it('holds no secret, and shows that one changed', async () => {
    const secrets = [account.app_secret_token, admin.password];
    const headers = { APP_SECRET: 'canary-of-a-header' };
    const { id } = await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/', headers });
    expect((await newest()).changes['headers.APP_SECRET']).toEqual([null, '***']);
    await app.call('PATCH', `/accounts/${account.id}/destinations/${id}`, {
      token: admin.token,
      body: { headers: { APP_SECRET: 'canary-of-another' } },
    });
    expect((await newest()).changes).toEqual({ 'headers.APP_SECRET': ['***', '***'] });
    const path = `/accounts/${account.id}/destinations/${id}/rotate-secret`;
    secrets.push((await app.call('POST', path, { token: admin.token, body: {} })).body.signing_secret);
    expect((await newest()).changes).toMatchObject({ signing_secret: ['***', '***'] });
    const invited = await app.call('POST', `/accounts/${account.id}/members`, {
      token: admin.token,
      body: { email: 'invited@example.com', role_name: 'User' },
    });
    secrets.push(invited.body.invite_token);
    const rotated = await app.call('POST', `/accounts/${account.id}/rotate-token`, {
      token: admin.token,
      body: {},
    });
    secrets.push(rotated.body.app_secret_token);
    account.app_secret_token = rotated.body.app_secret_token;
    expect((await newest()).changes).toMatchObject({ app_secret_token: ['***', '***'] });
    const rows = await app.dataSource.query('SELECT row_to_json(a)::text AS text FROM audit_log a');
    const text = rows.map((row: { text: string }) => row.text).join('\n');
    for (const secret of [...secrets, 'canary-of']) expect(text).not.toContain(secret);
  });

  it('is a chain that anybody can check with nothing but the answers of the API', async () => {
    for (let made = 0; made < 5; made++) await createAccount(app, admin);
    const key = { name: 'key', currentPassword: admin.password };
    const { body } = await app.call('POST', '/user/api-keys', { token: admin.token, body: key });
    await createAccount(app, { ...admin, token: body.key });
    const { data } = await list('?limit=200');
    expect(data[0]).toMatchObject({ api_key_id: body.id });
    const rows = data.toReversed();
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
    for (const [index, row] of rows.entries()) {
      expect(row.hash).toBe(hashOf(row));
      expect(row.prev_hash).toBe(rows[index - 1]?.hash ?? '0'.repeat(64));
    }
  });

  it('stays one chain when many change things at once', async () => {
    const accounts = await Promise.all(Array.from({ length: 4 }, () => createAccount(app, admin)));
    const { seq } = await newest();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        app.call('PATCH', `/accounts/${accounts[index % 4]!.id}`, {
          token: admin.token,
          body: { account_name: `Name ${index}` },
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const { data } = await list('?limit=200&action=patchAccount');
    expect(data.filter((entry) => entry.seq > seq)).toHaveLength(40);
    expect(await runCli(['audit', 'verify'], { env: databaseEnv(app.config.database) })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('The chain is whole.'),
    });
  });

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
    expect(body.data.map(({ action }: Entry) => action)).toEqual(['createMember', 'createAccount']);
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

  it('keeps the change from being made when it cannot be told', async () => {
    const refuse = `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no more rows'; END $$`;
    await app.dataSource.query(refuse);
    await app.dataSource.query(
      'CREATE TRIGGER refuse BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    const { id } = account;
    const before = await app.call('GET', `/accounts/${id}`, { token: admin.token });
    const counts = () =>
      app.dataSource.query(
        `SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM accounts) AS accounts,
           (SELECT count(*) FROM members) AS members, (SELECT count(*) FROM destinations) AS destinations,
           (SELECT count(*) FROM account_tokens) AS tokens`,
      );
    const counted = await counts();
    const calls: [string, string, object][] = [
      ['PATCH', `/accounts/${id}`, { account_name: 'Lost' }],
      ['POST', `/accounts/${id}/rotate-token`, {}],
      ['POST', '/accounts', { account_name: 'Lost' }],
      ['POST', `/accounts/${id}/members`, { email: 'lost@example.com', role_name: 'User' }],
      ['POST', `/accounts/${id}/destinations`, { url: 'http://127.0.0.1:9/' }],
      ['POST', '/user/register', { email: 'lost@example.com', password: 'Demo@123-long' }],
      ['DELETE', `/accounts/${id}`, {}],
    ];
    for (const [method, path, body] of calls)
      expect((await app.call(method, path, { token: admin.token, body })).status).toBe(500);
    await app.dataSource.query('DROP TRIGGER refuse ON audit_log');
    expect(await counts()).toEqual(counted);
    expect((await app.call('GET', `/accounts/${id}`, { token: admin.token })).body).toEqual(before.body);
  });

  it.each(["UPDATE audit_log SET actor_email = 'x'", 'DELETE FROM audit_log', 'TRUNCATE audit_log'])(
    'is append-only: %s is refused',
    async (statement) => {
      await expect(app.dataSource.query(statement)).rejects.toThrow('audit_log is append-only');
    },
  );
});

describe('what the product does by itself', { timeout: 60_000 }, () => {
  it('is told as of the system, and nobody is who updated it', async () => {
    const app = await createTestApp();
    const receiver = await startReceiver(() => 410);
    const admin = await registerAdmin(app);
    const account = await createAccount(app, admin);
    const { id } = await createDestination(app, admin, account, { url: receiver.url });
    await app.call('POST', '/server/incoming_data', {
      headers: { 'cl-x-token': account.app_secret_token },
      body: {},
    });
    const [entry] = await waitFor(async () => {
      const { body } = await app.call('GET', '/audit?action=disableDestination', { token: admin.token });
      return body.data.length > 0 && body.data;
    });
    expect(entry).toMatchObject({
      via: 'system',
      actor_id: null,
      actor_email: null,
      target_id: id,
      account_id: account.id,
      changes: { state: ['active', 'disabled'], disabled_reason: [null, expect.any(String)] },
      request_id: null,
    });
    const path = `/accounts/${account.id}/destinations/${id}`;
    const { body } = await app.call('GET', path, { token: admin.token });
    expect(body).toMatchObject({ state: 'disabled', updated_by: null, created_by: admin.user.id });
    await app.close();
    await receiver.close();
  });
});

describe('cli audit verify', { timeout: 120_000 }, () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    const admin = await registerAdmin(app);
    for (let made = 0; made < 5; made++) await createAccount(app, admin);
  });

  afterAll(() => app?.close());

  const verify = (...flags: string[]) =>
    runCli(['audit', 'verify', ...flags], { env: databaseEnv(app.config.database) });
  /** What somebody who owns the database can do. */
  const tamper = async (statement: string) => {
    await app.dataSource.query('ALTER TABLE audit_log DISABLE TRIGGER USER');
    await app.dataSource.query(statement);
    await app.dataSource.query('ALTER TABLE audit_log ENABLE TRIGGER USER');
  };

  it('finds the chain whole and gives the hash to keep', async () => {
    const [{ hash }] = await app.dataSource.query('SELECT hash FROM audit_log WHERE seq = 6');
    const { code, stdout } = await verify();
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `6 rows, the last one has the hash ${hash}\nThe chain is whole.\n`,
    });
    expect((await verify('--expect', hash)).code).toBe(0);
    expect((await verify('--expect', 'abc')).code).toBe(2);
  });

  it('shows that rows were taken off the end to whoever kept the hash', async () => {
    const [{ hash }] = await app.dataSource.query('SELECT hash FROM audit_log WHERE seq = 6');
    await tamper('DELETE FROM audit_log WHERE seq = 6');
    expect((await verify()).code).toBe(0);
    expect(await verify('--expect', hash)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`no row has the hash ${hash}`),
    });
  });

  it('says which row was changed and which were removed', async () => {
    await tamper("UPDATE audit_log SET actor_email = 'eve@example.com' WHERE seq = 4");
    await tamper('DELETE FROM audit_log WHERE seq = 2');
    const { code, stderr } = await verify();
    expect(code).toBe(1);
    expect(stderr).toBe('row 2 was removed\nrow 4 was changed: its hash is not that of its content\n');
  });
});
