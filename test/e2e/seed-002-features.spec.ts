import { readFileSync, readdirSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { openPage, startBrowser } from '../support/browser.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
} from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { captureStatements } from '../support/statements.js';
import { SwaggerPage } from '../support/swagger.js';
import { waitFor } from '../support/wait-for.js';

const HEADERS = { APP_ID: '1234APPID1234', APP_SECRET: 'enwdj3bshwer43bjhjs9ereuinkjcnsiurew8s' };

describe('the features of seed 002', () => {
  let app: TestApp;
  let admin: TestUser;
  let user: TestUser;
  let receiver: Receiver;
  let account: TestAccount;
  let destination: { id: string };

  beforeAll(async () => {
    [app, receiver] = await Promise.all([createTestApp(), startReceiver()]);
    admin = await registerAdmin(app);
    user = await registerUser(app);
  });

  beforeEach(async () => {
    account = await createAccount(app, admin);
    await addMember(app, admin, account, user, 'User');
    destination = await createDestination(app, admin, account, { url: receiver.url, headers: HEADERS });
    receiver.requests.length = 0;
    receiver.answer(() => 200);
  });

  afterAll(async () => {
    await app?.close();
    await receiver?.close();
  });

  const as = (who: TestUser) => (method: string, path: string, body?: unknown) =>
    app.call(method, path, { token: who.token, body });
  const asAdmin = (...request: [string, string, unknown?]) => as(admin)(...request);
  const asUser = (...request: [string, string, unknown?]) => as(user)(...request);
  const send = (eventId: string, body: unknown = { event_type: 'order.paid' }) =>
    app.call('POST', '/server/incoming_data', {
      body,
      headers: { 'CL-X-TOKEN': account.app_secret_token, 'CL-X-EVENT-ID': eventId },
    });
  const logged = (eventId: string, status: string) =>
    waitFor(async () => {
      const { body } = await asAdmin('GET', `/logs/?account_id=${account.id}&event_id=${eventId}`);
      return body.data.find((entry: { status: string }) => entry.status === status);
    });
  const expectInvalid = ({ status, body }: TestAnswer, field: string) =>
    expect({ status, ...body }).toMatchObject({ status: 400, title: 'Invalid Data', errors: [{ field }] });

  it('1. account management: id, name, token, times, and who created and updated it', async () => {
    const { body } = await asAdmin('POST', '/accounts/', { account_name: 'Tracked' });
    expect(body).toMatchObject({ created_by: admin.user.id, updated_by: admin.user.id });
    expect(body.app_secret_token).toBeTruthy();
    const owner = await registerUser(app);
    await addMember(app, admin, body, owner, 'Admin');
    const updated = await as(owner)('PUT', `/accounts/${body.id}/`, { account_name: 'Renamed' });
    expect(updated.body).toMatchObject({ created_by: admin.user.id, updated_by: owner.user.id });
    expect(Date.parse(updated.body.updated_at)).toBeGreaterThan(Date.parse(body.updated_at));
    expect((await asAdmin('DELETE', `/accounts/${body.id}/`)).status).toBe(204);
  });

  it('2. destination management: method, headers and times, several for one account', async () => {
    const put = { account_id: account.id, url: `${receiver.url}/put`, http_method: 'PUT', headers: HEADERS };
    const { body } = await asAdmin('POST', '/destinations/', put);
    expect(body).toMatchObject({ created_at: expect.any(String), updated_at: expect.any(String) });
    await send('order-1');
    await waitFor(() => receiver.requests.length === 2);
    expect(receiver.requests.map(({ method }) => method).toSorted()).toEqual(['POST', 'PUT']);
    for (const { headers } of receiver.requests)
      expect(headers).toMatchObject({ app_id: HEADERS.APP_ID, app_secret: HEADERS.APP_SECRET });
  });

  it('3. user management: the first user is Admin, later ones are not; they view and update destinations', async () => {
    expect([admin.user.role, user.user.role]).toEqual(['Admin', 'User']);
    expect((await asUser('GET', `/destinations/${destination.id}/`)).status).toBe(200);
    expect((await asUser('PATCH', `/destinations/${destination.id}/`, { description: 'x' })).status).toBe(
      200,
    );
    expect((await asUser('DELETE', `/destinations/${destination.id}/`)).status).toBe(403);
    expect((await asUser('POST', '/accounts/', { account_name: 'No' })).status).toBe(403);
    expect((await asUser('DELETE', `/accounts/${account.id}/`)).status).toBe(403);
  });

  it('4. account members: Admins invite and give roles; Users change none', async () => {
    const body = { account_id: account.id, email: 'invited@example.com', role_name: 'User' };
    expect((await asUser('POST', '/account-members/', body)).status).toBe(403);
    const { body: invited } = await asAdmin('POST', '/account-members/', body);
    const joined = await registerUser(app, { email: body.email, invite_token: invited.invite_token });
    expect((await as(joined)('GET', `/accounts/${account.id}/`)).status).toBe(200);
    const path = `/account-members/${invited.id}/`;
    expect((await as(joined)('PUT', path, { role_name: 'Admin' })).status).toBe(403);
    expect((await asAdmin('PUT', path, { role_name: 'Admin' })).body.role_name).toBe('Admin');
    const other = await createAccount(app, admin);
    expect((await as(joined)('GET', `/accounts/${other.id}/`)).status).toBe(404);
  });

  it('5. log management: event, account, destination, times and status; Users see their own', async () => {
    receiver.answer((_, index) => (index === 0 ? 500 : 200));
    await send('order-1');
    const entry = await logged('order-1', 'success');
    expect(entry).toMatchObject({ account_id: account.id, destination_id: destination.id, attempts: 2 });
    for (const time of [entry.received_at, entry.processed_at]) expect(Date.parse(time)).not.toBeNaN();
    expect((await asUser('GET', '/logs/')).body.data).toContainEqual(entry);
    const stranger = await registerUser(app);
    expect((await as(stranger)('GET', '/logs/')).body.data).toEqual([]);
    expect((await as(stranger)('GET', `/logs/${destination.id}/`)).status).toBe(404);
  });

  it('6. data handler: JSON by POST with CL-X-TOKEN and CL-X-EVENT-ID', async () => {
    expect((await asAdmin('PATCH', `/accounts/${account.id}`, { require_event_id: true })).status).toBe(200);
    const headers = { 'CL-X-TOKEN': account.app_secret_token };
    expectInvalid(await app.call('POST', '/server/incoming_data', { body: {}, headers }), 'CL-X-EVENT-ID');
    expect((await app.call('POST', '/server/incoming_data', { body: {} })).status).toBe(401);
    expect((await send('order-1')).status).toBe(202);
    expect((await send('order-1')).body.duplicate).toBe(true);
    expect((await send('order-1', { other: 'bytes' })).status).toBe(409);
  });

  it('7. asynchronous processing: the answer does not wait for a destination', async () => {
    receiver.answer(() => undefined);
    const { body } = await send('order-1');
    expect(body).toMatchObject({ success: true, message: 'Data Received' });
    await waitFor(() => receiver.requests.length === 1);
    const { body: log } = await asAdmin('GET', `/logs/${destination.id}/`);
    expect(log.data).toMatchObject([{ status: 'pending', processed_at: null }]);
  });

  it('8. authentication and authorization: a token for e-mail and password', async () => {
    const login = { email: user.email, password: user.password };
    const { status, body } = await app.call('POST', '/obtain-token', { body: login });
    expect(status).toBe(200);
    expect((await app.call('GET', '/user/profile', { token: body.token })).body.role).toBe('User');
    expect((await app.call('GET', '/accounts/', { token: `${body.token}x` })).status).toBe(401);
    const wrong = await app.call('POST', '/obtain-token', { body: { ...login, password: 'Wrong@123-long' } });
    expect(wrong.status).toBe(401);
  });

  it('9. caching: data is accepted from memory, without a look at accounts and destinations', async () => {
    await send('warm');
    await logged('warm', 'success');
    // Word of how account and destination were made may still be on its way, after which they are read once more.
    await waitFor(async () => {
      let status = 0;
      const statements = await captureStatements(async () => ({ status } = await send('warm')));
      return status === 200 && statements.length === 0;
    });
    const client = new pg.Client(app.config.database);
    await client.connect();
    try {
      await client.query('BEGIN; LOCK accounts, account_tokens, destinations IN ACCESS EXCLUSIVE MODE');
      expect((await send('order-1')).status).toBe(202);
      await waitFor(() => receiver.requests.some(({ headers }) => headers['cl-x-event-id'] === 'order-1'));
    } finally {
      await client.end();
    }
  });

  it('9. query optimization: a long list takes no more statements than a short one', async () => {
    const lists = ['/accounts/', '/destinations/', '/account-members/', '/logs/'];
    await send('order-1');
    await logged('order-1', 'success');
    for (const path of lists) {
      const countFor = async (limit: number) => {
        let rows = 0;
        const counts: number[] = [];
        // The sweeper of this process may send one of its own meanwhile; not three times in a row.
        for (let time = 0; time < 3; time++) {
          const statements = await captureStatements(async () => {
            rows = (await asUser('GET', `${path}?limit=${limit}`)).body.data.length;
          });
          counts.push(statements.length);
        }
        return { rows, statements: Math.min(...counts) };
      };
      const [short, long] = [await countFor(1), await countFor(200)];
      expect(long.rows).toBeGreaterThan(short.rows);
      expect({ [path]: long.statements }).toEqual({ [path]: short.statements });
      expect(long.statements).toBeLessThanOrEqual(5);
    }
  });

  it('10. rate limiting: 5 a second for each account by itself', async () => {
    const other = await createAccount(app, admin);
    const burst = () => Promise.all(Array.from({ length: 12 }, (_, index) => send(`burst-${index}`)));
    const refused = await waitFor(async () => (await burst()).find(({ status }) => status === 429));
    expect(refused.body.title).toBe('Too Many Requests');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const headers = { 'CL-X-TOKEN': other.app_secret_token };
    expect((await app.call('POST', '/server/incoming_data', { body: {}, headers })).status).toBe(202);
  });

  it('11. data validation: "Invalid Data", with the field named', async () => {
    const user1 = { email: 'not-an-address', password: 'Demo@123-long' };
    expectInvalid(await app.call('POST', '/user/register', { body: user1 }), 'email');
    const url = { account_id: account.id, url: 'not a url' };
    expectInvalid(await asAdmin('POST', '/destinations/', url), 'url');
    const website = { account_name: 'x', website: 'nowhere' };
    expectInvalid(await asAdmin('POST', '/accounts/', website), 'website');
    const { body } = await app.call('POST', '/server/incoming_data', {
      raw: '{"n":',
      headers: { 'CL-X-TOKEN': account.app_secret_token },
    });
    expect(body).toMatchObject({ status: 400, title: 'Invalid Data' });
  });

  it('12. search and filtering: logs, destinations and accounts by several criteria', async () => {
    await send('order-1');
    await logged('order-1', 'success');
    const find = async (path: string) => (await asUser('GET', path)).body.data.length;
    expect(await find(`/logs/?destination_id=${destination.id}&status=success&event_type=order.paid`)).toBe(
      1,
    );
    expect(await find(`/logs/?destination_id=${destination.id}&status=failed`)).toBe(0);
    expect(await find(`/logs/?account_id=${account.id}&from=2020-01-01T00:00:00Z`)).toBe(1);
    expect(await find(`/logs/?account_id=${account.id}&to=2020-01-01T00:00:00Z`)).toBe(0);
    expect(await find(`/destinations/?account_id=${account.id}&q=127.0.0.1&state=active`)).toBe(1);
    expect(await find(`/destinations/?account_id=${account.id}&http_method=GET`)).toBe(0);
    expect(await find(`/accounts/?q=${encodeURIComponent(account.account_name)}`)).toBe(1);
  });

  it('13. comprehensive testing: authentication, data handling, logging and rate limiting have tests', () => {
    const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.spec.ts'));
    for (const topic of ['auth', 'incoming-data', 'delivery', 'manual-logs', 'login-limit'])
      expect(files.filter((file) => file.startsWith(topic))).not.toEqual([]);
    const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      scripts: { test: string };
    };
    expect(scripts.test).toBe('node scripts/test.mjs');
  });

  it('14. documentation: obtain a token in Swagger UI, enter it under Authorize, and call', async () => {
    const browser = await startBrowser();
    try {
      const { page, trouble } = await openPage(browser, app.url);
      const swagger = new SwaggerPage(page);
      await swagger.open('/swagger/');
      const answer = await swagger.call('obtainToken', { email: user.email, password: user.password });
      await swagger.authorize((JSON.parse(answer) as { token: string }).token);
      expect(await swagger.call('getProfile')).toContain(user.email);
      expect(trouble).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 60_000);
});
