import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
} from '../support/factories.js';
import { createUnlimitedAccount, sendEvent } from '../support/incoming-data.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

describe('incoming data', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
    receiver = await startReceiver();
  });

  beforeEach(async () => {
    account = await createUnlimitedAccount(app, admin);
    receiver.requests.length = 0;
  });

  afterAll(async () => {
    await app?.close();
    await receiver?.close();
  });

  const send = (body: string, headers: Record<string, string> = {}) => sendEvent(app, account, body, headers);

  describe('the same event id', () => {
    it('with the same bytes gives the first receipt and sends nothing again', async () => {
      await createDestination(app, admin, account, { url: receiver.url });
      const first = await send('{"n":1}', { 'cl-x-event-id': 'same' });
      const again = await send('{"n":1}', { 'cl-x-event-id': 'same' });
      expect(again.status).toBe(200);
      expect(again.body).toEqual({ ...first.body, duplicate: true });
      await waitFor(() => receiver.requests.length > 0);
      const logs = await app.call('GET', `/accounts/${account.id}/logs?event_id=same`, {
        token: admin.token,
      });
      expect(logs.body.data).toHaveLength(1);
    });

    it('with other bytes is refused, naming both digests', async () => {
      await send('{"n":1}', { 'cl-x-event-id': 'other' });
      const answer = await send('{"n":2}', { 'cl-x-event-id': 'other' });
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('event_id_reused');
      expect(answer.body.detail.match(/[0-9a-f]{64}/g)).toHaveLength(2);
    });

    it('of two accounts is two events', async () => {
      const other = await createAccount(app, admin);
      await send('{}', { 'cl-x-event-id': 'shared' });
      const answer = await send('{}', { 'cl-x-event-id': 'shared', 'cl-x-token': other.app_secret_token });
      expect(answer.status).toBe(202);
    });

    it('sent fifty times at once is accepted once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => send('{"n":1}', { 'cl-x-event-id': 'race' })),
      );
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    });
  });
});
