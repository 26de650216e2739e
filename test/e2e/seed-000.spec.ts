import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnv } from '../../src/config/env.js';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

const USER = { email: 'john123@gmail.com', password: 'Demo@123' };
const PROFILE = { email: 'john@gmail.com', currentPassword: 'Demo@1234', newPassword: 'Demo@123' };
const ACCOUNT = { account_name: 'Webhook Test Account', website: 'https://webhook.site' };
const CHANGED_ACCOUNT = { account_name: 'Johns Testing', website: 'https://demoanalytics.com' };
const DESTINATION = {
  url: 'https://webhook.site/930ce096-9fd6-46c9-be29-58ec51b41308',
  http_method: 'POST',
  headers: {
    APP_ID: 'e70b157d-d333-4151-ac0a-0d01cdc6989a',
    APP_SECRET: '032d03b7-6db0-4009-aef6-35a5aa5e9d35',
    ACTION: 'user.update',
    'Content-Type': 'application/json',
    Accept: '*',
  },
};
const CHANGED_DESTINATION = {
  http_method: 'PUT',
  url: 'https://webhook.site/updated-url-123',
  headers: {
    APP_ID: 'NEWAPPID9876',
    APP_SECRET: 'updatedsecretkey123',
    ACTION: 'user.replace',
    'Content-Type': 'application/json',
    Accept: 'application/json',
  },
};
const MEMBER = { email: 'john123@gmail.com', role_name: 'User' };

/** As it is printed, blanks and line ends included. */
const DATA = `{
  "event_type": "user.update",
  "timestamp": "2025-06-15T13:05:00Z",
  "data": {
    "user": {
      "id": "USR-123",
      "email": "test123@example.com",
      "update_type": "profile_change",
      "changes": {
        "name": {
          "old": "John Doe",
          "new": "John Smith"
        },
        "phone": {
          "old": null,
          "new": "+1234567890"
        }
      }
    },
    "metadata": {
      "source": "api",
      "version": "1.0",
      "app_id": "ff9a24e3-fe44-4d15-a049-ffa761c99a04",
      "timestamp": "2025-06-15T13:05:00Z",
      "ip_address": "192.168.1.1"
    }
  }
}`;

describe('seed 000, from top to bottom', () => {
  let app: TestApp;
  let receiver: Receiver;
  let token: string;
  let account: { id: string; app_secret_token: string };
  let destination: { id: string };

  beforeAll(async () => {
    [app, receiver] = await Promise.all([createTestApp(), startReceiver()]);
  });

  afterAll(async () => {
    await app?.close();
    await receiver?.close();
  });

  const call = (method: string, path: string, body?: unknown) => app.call(method, path, { token, body });
  const send = (eventId: string) =>
    app.call('POST', '/api/server/incoming_data', {
      raw: DATA,
      headers: { 'CL-X-TOKEN': account.app_secret_token, 'CL-X-EVENT-ID': eventId },
    });
  const expectProblem = ({ status, body, headers }: TestAnswer, expected: number) => {
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect({ status, body }).toMatchObject({ status: expected, body: { status: expected } });
  };

  it('is served on port 8000 unless told otherwise', () => {
    expect(readEnv({}).PORT).toBe(8000);
  });

  describe('user management', () => {
    it('registers a user, the first one as Admin', async () => {
      const answer = await call('POST', '/api/user/register', USER);
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ email: USER.email, role: 'Admin' });
      expect(JSON.stringify(answer.body)).not.toContain(USER.password);
    });

    it('signs the user in', async () => {
      const answer = await call('POST', '/api/user/login', USER);
      expect(answer.status).toBe(200);
      expect(answer.body.token_type).toBe('Bearer');
      token = answer.body.access_token;
    });

    it('shows the profile and all users', async () => {
      expect((await call('GET', '/api/user/profile')).body).toMatchObject({ email: USER.email });
      expect((await call('GET', '/api/user/users')).body.data).toMatchObject([{ email: USER.email }]);
    });

    it('updates the profile', async () => {
      expectProblem(await call('PUT', '/api/user/profile', PROFILE), 400);
      const first = { currentPassword: USER.password, newPassword: PROFILE.currentPassword };
      token = (await call('PUT', '/api/user/profile', first)).body.access_token;
      const answer = await call('PUT', '/api/user/profile', PROFILE);
      expect(answer.status).toBe(200);
      expect(answer.body.user.email).toBe(PROFILE.email);
      const login = { email: PROFILE.email, password: PROFILE.newPassword };
      token = (await call('POST', '/api/user/login', login)).body.access_token;
    });
  });

  describe('account management', () => {
    it('creates, reads, changes and lists accounts', async () => {
      const created = await call('POST', '/api/accounts', ACCOUNT);
      expect(created.status).toBe(201);
      expect(created.body).toMatchObject(ACCOUNT);
      account = created.body;
      expect((await call('GET', `/api/accounts/${account.id}`)).body).toMatchObject(ACCOUNT);
      const changed = await call('PUT', `/api/accounts/${account.id}`, CHANGED_ACCOUNT);
      expect(changed.body).toMatchObject(CHANGED_ACCOUNT);
      expect((await call('GET', '/api/accounts')).body.data).toMatchObject([{ id: account.id }]);
    });

    it('deletes an account', async () => {
      const { body } = await call('POST', '/api/accounts', ACCOUNT);
      expect((await call('DELETE', `/api/accounts/${body.id}`)).status).toBe(204);
      expectProblem(await call('GET', `/api/accounts/${body.id}`), 404);
    });
  });

  describe('destination management', () => {
    const path = (id = '') => `/api/accounts/${account.id}/destinations${id && `/${id}`}`;

    it('creates, reads, changes and lists destinations', async () => {
      const created = await call('POST', path(), DESTINATION);
      expect(created.status).toBe(201);
      expect(created.body).toMatchObject(DESTINATION);
      destination = created.body;
      expect((await call('GET', path(destination.id))).body).toMatchObject(DESTINATION);
      const changed = await call('PUT', path(destination.id), CHANGED_DESTINATION);
      expect(changed.status).toBe(200);
      expect(changed.body).toMatchObject(CHANGED_DESTINATION);
      expect((await call('GET', path())).body.data).toMatchObject([{ id: destination.id }]);
    });

    it('deletes a destination', async () => {
      const { body } = await call('POST', path(), DESTINATION);
      expect((await call('DELETE', path(body.id))).status).toBe(204);
      expectProblem(await call('GET', path(body.id)), 404);
    });
  });

  describe('member management', () => {
    const path = (id = '') => `/api/accounts/${account.id}/members${id && `/${id}`}`;

    it('creates, changes, reads, lists and removes members', async () => {
      const created = await call('POST', path(), MEMBER);
      expect(created.status).toBe(201);
      expect(created.body).toMatchObject(MEMBER);
      const { id } = created.body;
      expect((await call('PUT', path(id), { role_name: 'Admin' })).body.role_name).toBe('Admin');
      expect((await call('GET', path(id))).body).toMatchObject({ email: MEMBER.email, role_name: 'Admin' });
      expect((await call('GET', path())).body.data).toMatchObject([{ id }, { email: PROFILE.email }]);
      expect((await call('DELETE', path(id))).status).toBe(204);
      expectProblem(await call('GET', path(id)), 404);
    });
  });

  describe('incoming data and logs', () => {
    beforeAll(async () => {
      const body = { url: receiver.url, http_method: 'POST' };
      await call('PATCH', `/api/accounts/${account.id}/destinations/${destination.id}`, body);
    });

    it('accepts the data and delivers it byte for byte', async () => {
      const answer = await send('event-1');
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({ success: true, message: 'Data Received', event_id: 'event-1' });
      await waitFor(() => receiver.requests.length === 1, { what: 'the data' });
      expect(receiver.requests[0]!.body.equals(Buffer.from(DATA))).toBe(true);
      expect(receiver.requests[0]!.headers).toMatchObject({
        action: 'user.replace',
        'cl-x-event-id': 'event-1',
      });
    });

    it('shows the log of an event and of the account', async () => {
      const log = await waitFor(async () => {
        const { body } = await call('GET', `/api/accounts/${account.id}/logs/event-1`);
        return body.deliveries[0]?.status === 'success' && body;
      });
      expect(log).toMatchObject({
        event_id: 'event-1',
        event_type: 'user.update',
        payload: JSON.parse(DATA),
      });
      const all = await call('GET', `/api/accounts/${account.id}/logs`);
      expect(all.body.data).toMatchObject([{ event_id: 'event-1', destination_id: destination.id }]);
    });

    it('takes 5 a second of an account and answers 429 to more', async () => {
      const answers = await waitFor(async () => {
        const round = await Promise.all(Array.from({ length: 12 }, (_, index) => send(`burst-${index}`)));
        return round.some(({ status }) => status === 429) && round;
      });
      const refused = answers.find(({ status }) => status === 429)!;
      expectProblem(refused, 429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    });
  });

  describe('error handling', () => {
    it('answers 400, 401, 403 and 404', async () => {
      expectProblem(await call('POST', '/api/accounts', {}), 400);
      expectProblem(await app.call('GET', '/api/accounts'), 401);
      expectProblem(await call('GET', `/api/accounts/${destination.id}`), 404);
      await call('POST', '/api/user/register', USER);
      const { body } = await call('POST', '/api/user/login', USER);
      expectProblem(
        await app.call('POST', '/api/accounts', { token: body.access_token, body: ACCOUNT }),
        403,
      );
    });

    it('answers 500 without a word of the inside', async () => {
      await app.dataSource.query('ALTER TABLE members RENAME TO members_away');
      const answer = await call('GET', `/api/accounts/${account.id}/members`);
      await app.dataSource.query('ALTER TABLE members_away RENAME TO members');
      expectProblem(answer, 500);
      expect(JSON.stringify(answer.body)).not.toMatch(/members|relation|SELECT/);
      expect((await call('GET', `/api/accounts/${account.id}/members`)).status).toBe(200);
    });
  });
});
