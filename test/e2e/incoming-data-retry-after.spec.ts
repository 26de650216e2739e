import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, createAccount, registerAdmin } from '../support/factories.js';
import { createUnlimitedAccount, sendEvent } from '../support/incoming-data.js';

describe('incoming data', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    account = await createUnlimitedAccount(app, admin);
  });

  afterAll(() => app?.close());

  const send = (body: string, headers: Record<string, string> = {}) => sendEvent(app, account, body, headers);

  it('accepts five per second of an account and says when to come back', async () => {
    const limited = await createAccount(app, admin);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => send('{}', { 'cl-x-token': limited.app_secret_token })),
    );
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 429);
    expect(accepted).toHaveLength(5);
    expect(refused).toHaveLength(7);
    expect(refused[0]!.headers.get('retry-after')).toBe('1');
    expect(refused[0]!.headers.get('ratelimit-policy')).toBe('"account";q=5;w=1');
    expect(accepted[0]!.headers.get('ratelimit')).toMatch(/^"account";r=\d;t=1$/);
  });

  it('answers 503 within two seconds while somebody works on the table, and goes on after', async () => {
    const locker = app.dataSource.createQueryRunner();
    await locker.startTransaction();
    await locker.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    const startedAt = performance.now();
    const refused = await send('{}', { 'cl-x-event-id': 'locked-out' });
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    await locker.rollbackTransaction();
    await locker.release();
    expect((await send('{}', { 'cl-x-event-id': 'locked-out' })).status).toBe(202);
  });
});
