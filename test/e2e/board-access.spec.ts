import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { QUEUES, cookieOf, statusOf } from '../support/board.js';
import { type TestUser, registerAdmin, registerUser } from '../support/factories.js';

describe('the board', () => {
  let app: TestApp;
  let admin: TestUser;

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
  });

  afterAll(() => app?.close());

  describe('who may ask', () => {
    it('answers anonymous and User calls with a problem', async () => {
      const user = await registerUser(app);
      for (const [token, status] of [
        [undefined, 401],
        ['nonsense', 401],
        [user.token, 403],
      ] as const) {
        const answer = await app.call('GET', QUEUES, { token });
        expect(answer.status).toBe(status);
        expect(answer.headers.get('content-type')).toContain('application/problem+json');
        expect(answer.body).toMatchObject({ status, message: answer.body.detail });
      }
      const retried = await app.call('PUT', '/queues/api/queues/deliveries/retry/failed', {
        token: user.token,
      });
      expect(retried.status).toBe(403);
    });

    it('refuses an Admin whose request another site has sent', async () => {
      const headers = { cookie: await cookieOf(app, admin), 'sec-fetch-site': 'same-site' };
      const answer = await app.call('PUT', '/queues/api/queues/deliveries/retry/failed', { headers });
      expect(answer.status).toBe(403);
      expect(answer.body.detail).toBe('Another site sent this request.');
    });

    it('signs nobody out because another site asks', async () => {
      const cookie = await cookieOf(app, admin);
      for (const site of ['same-site', 'cross-site']) {
        const headers = { cookie, 'sec-fetch-site': site };
        const answer = await app.call('GET', '/queues/logout', { headers });
        expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
      }
      expect(await statusOf(app, cookie)).toBe(200);
    });

    it('lets nobody frame or keep a page', async () => {
      for (const path of ['/queues/login', '/queues', QUEUES]) {
        const { headers } = await app.call('GET', path, { token: admin.token });
        expect(headers.get('cache-control')).toBe('no-store');
        expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
        expect(headers.get('x-frame-options')).toBe('DENY');
      }
    });
  });
});
