import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, testSecrets } from '../support/app.js';
import { type TestDatabase, createTestDatabase, urlOf } from '../support/database.js';
import { type ProductProcess, startProduct } from '../support/product-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

const USER = { email: 'admin@example.com', password: 'Demo@123' };
const LATER = { email: 'later@example.com', password: 'Demo@123' };

describe('seed 004, from top to bottom', { timeout: 60_000 }, () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  let api: ProductProcess;
  let worker: ProductProcess;
  let receiver: Receiver;
  let access: string;
  let account: { id: string; app_secret_token: string };
  let destination: { id: string };

  beforeAll(async () => {
    [database, receiver] = await Promise.all([createTestDatabase(), startReceiver()]);
    env = {
      DATABASE_URL: urlOf(database),
      JWT_SECRET: testSecrets.jwtSecret,
      ENCRYPTION_KEYS: testSecrets.encryptionKeys,
      EGRESS_ALLOW: 'loopback',
      HOST: '127.0.0.1',
    };
    [api, worker] = await Promise.all([startProduct('main', env, ['api']), startProduct('worker', env)]);
  });

  afterAll(async () => {
    await Promise.all([api?.end('SIGTERM'), worker?.end('SIGTERM')]);
    await receiver?.close();
    await database?.drop();
  });

  const send = (method: string, path: string, body?: unknown, token?: string) =>
    call(api.url!, method, path, { body, token });
  const sendData = (eventId: string) =>
    call(api.url!, 'POST', '/api/server/incoming_data/', {
      body: { event_type: 'user.signup' },
      headers: { 'CL-X-TOKEN': account.app_secret_token, 'CL-X-EVENT-ID': eventId },
    });

  describe('the endpoints', () => {
    it('User Signup: POST /api/users/register/, without signing in', async () => {
      const answer = await send('POST', '/api/users/register/', USER);
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ email: USER.email, role: 'Admin' });
    });

    it('User Login: POST /api/token/, without signing in', async () => {
      const answer = await send('POST', '/api/token/', { username: USER.email, password: USER.password });
      expect(answer.status).toBe(200);
      const refreshed = await send('POST', '/api/token/refresh/', { refresh: answer.body.refresh });
      expect(refreshed.status).toBe(200);
      access = refreshed.body.access;
      const wrong = await send('POST', '/api/token/', { username: USER.email, password: 'Demo@124' });
      expect(wrong.status).toBe(401);
    });

    it('Create Account: POST /api/accounts/', async () => {
      const body = { account_name: 'Seed 004' };
      expect((await send('POST', '/api/accounts/', body)).status).toBe(401);
      const answer = await send('POST', '/api/accounts/', body, access);
      expect(answer.status).toBe(201);
      account = answer.body;
    });

    it('Add Destination: POST /api/destinations/', async () => {
      const body = { account: account.id, url: receiver.url };
      expect((await send('POST', '/api/destinations/', body)).status).toBe(401);
      const answer = await send('POST', '/api/destinations/', body, access);
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ account_id: account.id, http_method: 'POST' });
      destination = answer.body;
    });

    it('Log Event: POST /api/logs/', async () => {
      const body = {
        account_id: account.id,
        event_id: 'logged-by-hand',
        destination_id: destination.id,
        status: 'success',
      };
      expect((await send('POST', '/api/logs/', body)).status).toBe(401);
      const answer = await send('POST', '/api/logs/', body, access);
      expect(answer.status).toBe(201);
      const listed = await send('GET', `/api/logs/?account_id=${account.id}`, undefined, access);
      expect(listed.body.data).toEqual([answer.body]);
      expect(answer.body.source).toBe('manual');
    });
  });

  it('delivers in the background, in a worker that is a process of its own', async () => {
    expect(worker.child.pid).not.toBe(api.child.pid);
    expect((await sendData('order-1')).status).toBe(202);
    await waitFor(() => receiver.requests.length === 1, { what: 'the delivery' });
    await waitFor(async () => {
      const { body } = await send('GET', `/api/logs/${destination.id}/?status=success`, undefined, access);
      return body.data.some((entry: { source: string }) => entry.source === 'delivery');
    });
  });

  it('accepts while no worker runs and delivers when one is there again', async () => {
    expect(await worker.end('SIGTERM')).toBe(0);
    expect((await sendData('order-2')).status).toBe(202);
    const { body } = await send('GET', '/api/logs/?event_id=order-2', undefined, access);
    expect(body.data).toMatchObject([{ status: 'pending', attempts: 0 }]);
    worker = await startProduct('worker', env);
    await waitFor(() => receiver.requests.length === 2, { what: 'the delivery' });
  });

  it('lets Users do less than Admins', async () => {
    expect((await send('POST', '/api/users/register/', LATER)).body.role).toBe('User');
    const { body } = await send('POST', '/api/token/', LATER);
    expect((await send('POST', '/api/accounts/', { account_name: 'No' }, body.access)).status).toBe(403);
    expect((await send('GET', `/api/accounts/${account.id}/`, undefined, body.access)).status).toBe(404);
    expect((await send('GET', '/api/logs/', undefined, body.access)).body.data).toEqual([]);
  });

  it('searches logs, accounts and destinations', async () => {
    const find = async (path: string): Promise<number> =>
      (await send('GET', path, undefined, access)).body.data.length;
    expect(await find('/api/logs/?event_id=order-1')).toBe(1);
    expect(await find('/api/logs/?event_type=user.signup')).toBe(2);
    expect(await find('/api/accounts/?q=seed')).toBe(1);
    expect(await find('/api/accounts/?q=other')).toBe(0);
    expect(await find(`/api/destinations/?q=127.0.0.1&http_method=POST&account_id=${account.id}`)).toBe(1);
    expect(await find('/api/destinations/?state=paused')).toBe(0);
  });

  it('limits an account to 5 requests a second', async () => {
    const statuses = await waitFor(async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => sendData(`burst-${index}`)));
      return answers.some(({ status }) => status === 429) && answers.map(({ status }) => status);
    });
    expect(new Set(statuses)).toContain(429);
  });

  it('has interactive documentation at /swagger/', async () => {
    const page = await send('GET', '/swagger/');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
  });
});
