import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { curl } from '../support/curl.js';
import { type TestUser, registerAdmin } from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

const CREATE_ACCOUNT = String.raw`curl -X POST http://127.0.0.1:8000/accounts/ \
        -H "Content-Type: application/json" \
        -d '{
          "email": "test@example.com",
          "account_name": "Test Account",
          "website": "https://example.com"
        }'`;

const CREATE_DESTINATION = String.raw`curl -X POST http://127.0.0.1:8000/destinations/ \
    -H "Content-Type: application/json" \
    -d '{
      "account": "<account_id>",
      "url": "https://webhook.site/your-unique-url",
      "http_method": "POST",
      "headers": {
        "APP_ID": "1234APPID1234",
        "APP_SECRET": "enwdj3bshwer43bjhjs9ereuinkjcnsiurew8s",
        "ACTION": "user.update",
        "Content-Type": "application/json",
        "Accept": "*"
      }
    }'`;

const DATA = `{
      "name": "John Doe",
      "email": "john.doe@example.com",
      "action": "user.signup"
    }`;

const SEND_DATA = String.raw`curl -X POST http://127.0.0.1:8000/server/incoming_data/ \
    -H "Content-Type: application/json" \
    -H "CL-X-TOKEN: <app_secret_token>" \
    -d '${DATA}'`;

const HEADERS = {
  APP_ID: '1234APPID1234',
  APP_SECRET: 'enwdj3bshwer43bjhjs9ereuinkjcnsiurew8s',
  ACTION: 'user.update',
  'Content-Type': 'application/json',
  Accept: '*',
};

describe('seed 001, from top to bottom', () => {
  let app: TestApp;
  let admin: TestUser;
  let receiver: Receiver;
  let account: { id: string; app_secret_token: string };
  let destination: { id: string };

  beforeAll(async () => {
    [app, receiver] = await Promise.all([createTestApp(), startReceiver()]);
    admin = await registerAdmin(app);
  });

  afterAll(async () => {
    await app?.close();
    await receiver?.close();
  });

  const call = (method: string, path: string, body?: unknown) =>
    app.call(method, path, { token: admin.token, body });

  describe('the example workflow', () => {
    it('1. creates an account', async () => {
      const answer = await curl(app.url, CREATE_ACCOUNT, { token: admin.token });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        email: 'test@example.com',
        account_name: 'Test Account',
        website: 'https://example.com',
        app_secret_token: expect.any(String),
      });
      account = answer.body;
    });

    it('2. creates a destination for the account', async () => {
      const values = { '<account_id>': account.id, 'https://webhook.site/your-unique-url': receiver.url };
      const answer = await curl(app.url, CREATE_DESTINATION, { token: admin.token, values });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ account_id: account.id, http_method: 'POST', headers: HEADERS });
      destination = answer.body;
    });

    it('3. sends data with the token alone; it reaches the destination as it was', async () => {
      const values = { '<app_secret_token>': account.app_secret_token };
      const answer = await curl(app.url, SEND_DATA, { values });
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({ success: true, destinations: [destination.id] });
      await waitFor(() => receiver.requests.length === 1, { what: 'the data' });
      const [received] = receiver.requests;
      expect(received!.body.toString()).toBe(DATA);
      expect(received!.method).toBe('POST');
      expect(received!.headers).toMatchObject({
        app_id: HEADERS.APP_ID,
        app_secret: HEADERS.APP_SECRET,
        action: HEADERS.ACTION,
        'content-type': 'application/json',
        accept: '*',
      });
    });
  });

  describe('1. account management', () => {
    it('demands a name, and an e-mail that no other account has', async () => {
      const taken = await call('POST', '/accounts/', { email: 'test@example.com', account_name: 'Second' });
      expect(taken.status).toBe(409);
      expect((await call('POST', '/accounts/', { email: 'new@example.com' })).status).toBe(400);
    });

    it('lists, reads and changes accounts', async () => {
      expect((await call('GET', '/accounts/')).body.data).toMatchObject([{ id: account.id }]);
      expect((await call('GET', `/accounts/${account.id}/`)).body).toMatchObject({
        email: 'test@example.com',
      });
      const body = { email: 'test@example.com', account_name: 'Renamed', website: 'https://example.com' };
      expect((await call('PUT', `/accounts/${account.id}/`, body)).body).toMatchObject(body);
    });
  });

  describe('2. destination management', () => {
    it('lists all and those of an account', async () => {
      for (const path of ['/destinations/', `/destinations/?account_id=${account.id}`])
        expect((await call('GET', path)).body.data).toMatchObject([{ id: destination.id, headers: HEADERS }]);
    });

    it.each(['GET', 'POST', 'PUT'])('sends by %s once it is changed to that', async (method) => {
      const body = { account: account.id, url: receiver.url, http_method: method, headers: HEADERS };
      const changed = await call('PUT', `/destinations/${destination.id}/`, body);
      expect(changed.status).toBe(200);
      expect(changed.body.http_method).toBe(method);
      const before = receiver.requests.length;
      await app.call('POST', '/server/incoming_data/', {
        raw: DATA,
        headers: { 'CL-X-TOKEN': account.app_secret_token },
      });
      await waitFor(() => receiver.requests.length > before, { what: 'the data' });
      expect(receiver.requests.at(-1)!.method).toBe(method);
    });

    it('deletes a destination, then the account', async () => {
      expect((await call('DELETE', `/destinations/${destination.id}/`)).status).toBe(204);
      expect((await call('GET', `/destinations/?account_id=${account.id}`)).body.data).toEqual([]);
      expect((await call('DELETE', `/accounts/${account.id}/`)).status).toBe(204);
      expect((await call('GET', `/accounts/${account.id}/`)).status).toBe(404);
    });
  });

  it('3. takes no data without the token of an account', async () => {
    const tokens = [{}, { 'CL-X-TOKEN': 'wrong' }, { 'CL-X-TOKEN': account.app_secret_token }];
    for (const headers of tokens as Record<string, string>[]) {
      const answer = await app.call('POST', '/server/incoming_data/', { raw: DATA, headers });
      expect(answer.status).toBe(401);
    }
  });
});
