import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { auditCalls } from '../support/audit.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
} from '../support/factories.js';
import { startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

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

  const { newest } = auditCalls(() => ({ app, admin }));
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
