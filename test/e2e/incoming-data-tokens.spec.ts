import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, registerAdmin } from '../support/factories.js';
import { createUnlimitedAccount, sendEvent } from '../support/incoming-data.js';
import { waitFor } from '../support/wait-for.js';

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

  it('refuses a rotated token at once and takes the new one', async () => {
    expect((await send('{}')).status).toBe(202);
    const { body } = await app.call('POST', `/accounts/${account.id}/rotate-token`, {
      token: admin.token,
      body: {},
    });
    expect((await send('{}')).status).toBe(401);
    expect((await send('{}', { 'cl-x-token': body.app_secret_token })).status).toBe(202);
  });

  it('takes the old token until the grace of a rotation ends', async () => {
    const { body } = await app.call('POST', `/accounts/${account.id}/rotate-token`, {
      token: admin.token,
      body: { grace_seconds: 3600 },
    });
    expect((await send('{}')).status).toBe(202);
    expect((await send('{}', { 'cl-x-token': body.app_secret_token })).status).toBe(202);
    await app.dataSource.query(`UPDATE account_tokens SET expires_at = now() WHERE expires_at IS NOT NULL`);
    await waitFor(async () => (await send('{}')).status === 401);
  });

  it('refuses the events of a deleted account at once', async () => {
    expect((await send('{}')).status).toBe(202);
    await app.call('DELETE', `/accounts/${account.id}`, { token: admin.token });
    expect((await send('{}')).status).toBe(401);
  });
});
