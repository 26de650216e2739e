import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { databaseEnv, runCli } from '../support/cli.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

const ADMIN = { email: 'admin@example.com', password: 'Demo@123-long' };
const MEMBER = { email: 'member@example.com', password: 'Demo@123-long' };

/** Its fourteen features are in seed-002-features.spec.ts. */
describe('seed 002, from top to bottom', () => {
  let app: TestApp;
  let receiver: Receiver;
  let token: string;
  let memberToken: string;
  let account: { id: string; app_secret_token: string };
  let destination: { id: string };
  let member: { id: string };

  beforeAll(async () => {
    [app, receiver] = await Promise.all([createTestApp(), startReceiver()]);
  });

  afterAll(async () => {
    await app?.close();
    await receiver?.close();
  });

  const call = (method: string, path: string, body?: unknown, as = token) =>
    app.call(method, path, { token: as, body });
  const sendData = (eventId: string, to = account) =>
    app.call('POST', '/server/incoming_data', {
      body: { event_type: 'user.signup', name: 'John' },
      headers: { 'CL-X-TOKEN': to.app_secret_token, 'CL-X-EVENT-ID': eventId },
    });

  describe('the workflow tree', () => {
    it('create user account: input is validated, then stored', async () => {
      const bad = await call('POST', '/user/register', { ...ADMIN, email: 'nowhere' });
      expect(bad.body).toMatchObject({ status: 400, title: 'Invalid Data' });
      const good = await call('POST', '/user/register', ADMIN);
      expect({ status: good.status, role: good.body.role }).toEqual({ status: 201, role: 'Admin' });
      expect((await call('POST', '/user/register', ADMIN)).status).toBe(409);
    });

    it('login: credentials are validated, a token is given, and it authenticates', async () => {
      expect((await call('POST', '/obtain-token', { ...ADMIN, password: 'Wrong@123-long' })).status).toBe(
        401,
      );
      token = (await call('POST', '/obtain-token', ADMIN)).body.token;
      expect((await call('GET', '/user/profile')).body.email).toBe(ADMIN.email);
    });

    it('create users: by an Admin, with e-mail and password, stored', async () => {
      const answer = await call('POST', '/user/users', { ...MEMBER, role: 'User' });
      expect({ status: answer.status, role: answer.body.role }).toEqual({ status: 201, role: 'User' });
      memberToken = (await call('POST', '/obtain-token', MEMBER)).body.token;
      const { body } = await call('GET', '/user/users');
      expect(body.data).toMatchObject([{ email: MEMBER.email }, { email: ADMIN.email }]);
    });

    it('create accounts: by an Admin, with name and website', async () => {
      const body = { account_name: 'CRM', website: 'https://example.com' };
      expect((await call('POST', '/accounts/', body, memberToken)).status).toBe(403);
      const answer = await call('POST', '/accounts/', body);
      expect(answer.status).toBe(201);
      account = answer.body;
    });

    it('create account members: an Admin adds them with a role', async () => {
      const body = { account_id: account.id, email: MEMBER.email, role_name: 'User' };
      const answer = await call('POST', '/account-members/', body);
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ ...body, status: 'member' });
      member = answer.body;
      expect((await call('GET', '/accounts/', undefined, memberToken)).body.data).toMatchObject([
        { id: account.id },
      ]);
    });

    it('send data: validated, stored, logged for destination and account, and confirmed', async () => {
      const body = { account_id: account.id, url: receiver.url, http_method: 'POST', headers: {} };
      destination = (await call('POST', '/destinations/', body)).body;
      const headers = { 'CL-X-TOKEN': account.app_secret_token };
      const bad = await app.call('POST', '/server/incoming_data', { raw: 'no json', headers });
      expect(bad.body).toMatchObject({ status: 400, title: 'Invalid Data' });
      const answer = await sendData('event-1');
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({
        success: true,
        event_id: 'event-1',
        destinations: [destination.id],
      });
      await waitFor(() => receiver.requests.length === 1, { what: 'the data' });
      for (const path of [`/logs/${destination.id}/`, `/accounts/${account.id}/logs/`])
        expect((await call('GET', path)).body.data).toMatchObject([
          { event_id: 'event-1', account_id: account.id, destination_id: destination.id },
        ]);
    });
  });

  describe('the API endpoints', () => {
    const idsOf = async (path: string, as = token): Promise<string[]> => {
      const { status, body } = await call('GET', path, undefined, as);
      expect(status).toBe(200);
      return body.data.map(({ id }: { id: string }) => id);
    };

    it('1. GET, POST, PUT and DELETE /accounts/', async () => {
      const { body: second } = await call('POST', '/accounts/', { account_name: 'Second' });
      expect(await idsOf('/accounts/')).toEqual([second.id, account.id]);
      expect(await idsOf('/accounts/', memberToken)).toEqual([account.id]);
      const changed = await call('PUT', `/accounts/${second.id}/`, { account_name: 'Changed' });
      expect({ status: changed.status, name: changed.body.account_name }).toEqual({
        status: 200,
        name: 'Changed',
      });
      expect((await call('PUT', `/accounts/${second.id}/`, {}, memberToken)).status).toBe(404);
      expect((await call('DELETE', `/accounts/${second.id}/`)).status).toBe(204);
      expect(await idsOf('/accounts/')).toEqual([account.id]);
    });

    it('2. GET, POST, PUT and DELETE /destinations/', async () => {
      const body = { account: account.id, url: `${receiver.url}/second`, http_method: 'PUT' };
      const { body: second } = await call('POST', '/destinations/', body);
      expect(await idsOf('/destinations/')).toEqual([second.id, destination.id]);
      expect(await idsOf('/destinations/', memberToken)).toEqual([second.id, destination.id]);
      const path = `/destinations/${second.id}/`;
      expect((await call('PUT', path, { http_method: 'GET' }, memberToken)).body.http_method).toBe('GET');
      expect((await call('DELETE', path, undefined, memberToken)).status).toBe(403);
      expect((await call('DELETE', path)).status).toBe(204);
      expect(await idsOf('/destinations/')).toEqual([destination.id]);
    });

    it('3. GET, POST, PUT and DELETE /account-members/', async () => {
      const body = { account: account.id, email: 'invited@example.com', role_name: 'User' };
      const { body: invited } = await call('POST', '/account-members/', body);
      expect(invited.invite_token).toBeTruthy();
      expect(await idsOf('/account-members/')).toHaveLength(3);
      expect((await idsOf(`/account-members/?account_id=${account.id}`, memberToken)).slice(0, 2)).toEqual([
        invited.id,
        member.id,
      ]);
      const path = `/account-members/${invited.id}/`;
      expect((await call('PUT', path, { role_name: 'Admin' }, memberToken)).status).toBe(403);
      expect((await call('PUT', path, { role_name: 'Admin' })).body.role_name).toBe('Admin');
      expect((await call('DELETE', path)).status).toBe(204);
      expect(await idsOf('/account-members/')).toHaveLength(2);
    });

    it('4. GET /logs/ and /logs/{destination_id}/', async () => {
      const { body: other } = await call('POST', '/accounts/', { account_name: 'Not the member’s' });
      const hidden = { account_id: other.id, url: receiver.url };
      const { body: theirs } = await call('POST', '/destinations/', hidden);
      expect((await sendData('event-2', other)).status).toBe(202);
      const eventsOf = async (path: string, as = token): Promise<string[]> =>
        (await call('GET', path, undefined, as)).body.data.map(
          ({ event_id: id }: { event_id: string }) => id,
        );
      expect(await eventsOf('/logs/')).toEqual(['event-2', 'event-1']);
      expect(await eventsOf('/logs/', memberToken)).toEqual(['event-1']);
      expect(await eventsOf(`/logs/${theirs.id}/`)).toEqual(['event-2']);
      expect(await eventsOf(`/logs/${destination.id}/`, memberToken)).toEqual(['event-1']);
      expect((await call('GET', `/logs/${theirs.id}/`, undefined, memberToken)).status).toBe(404);
    });

    it('5. POST /server/incoming_data sends to every destination', async () => {
      const before = receiver.requests.length;
      const body = { account_id: account.id, url: `${receiver.url}/second` };
      const { body: second } = await call('POST', '/destinations/', body);
      const answer = await sendData('event-3');
      expect(answer.body.destinations.toSorted()).toEqual([destination.id, second.id].toSorted());
      await waitFor(() => receiver.requests.length >= before + 2, { what: 'the data' });
    });
  });

  it('creates a superuser on the command line', async () => {
    const { email, password } = { email: 'super@example.com', password: 'Demo@123-long' };
    const env = databaseEnv(app.config.database);
    const made = await runCli(['create-admin', email], { env, stdin: `${password}\n` });
    expect({ code: made.code, says: made.stdout }).toEqual({ code: 0, says: `${email} is Admin now.\n` });
    token = (await call('POST', '/obtain-token', { email, password })).body.token;
    expect((await call('GET', '/user/profile')).body.role).toBe('Admin');
  }, 60_000);
});
