import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
} from '../support/factories.js';
import { type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

describe('the signature of a delivery', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;
  let signatureOf: (request: ReceivedRequest) => string;

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    account = await createAccount(app, admin);
    receiver = await startReceiver();
    const { id } = await createDestination(app, admin, account, { url: `${receiver.url}/hook` });
    const { body } = await app.call('GET', `/accounts/${account.id}/destinations/${id}/secret`, {
      token: admin.token,
    });
    const key = Buffer.from(body.signing_secret.replace('whsec_', ''), 'base64');
    signatureOf = ({ headers, body: sent }) => {
      const head = [headers['webhook-id'], headers['webhook-timestamp'], ''].join('.');
      return `v1,${createHmac('sha256', key).update(head).update(sent).digest('base64')}`;
    };
  });

  afterEach(() => receiver.close());
  afterAll(() => app.close());

  const send = async (body: string, eventId: string): Promise<void> => {
    const { status } = await app.call('POST', '/server/incoming_data', {
      raw: body,
      headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': eventId },
    });
    expect(status).toBe(202);
  };

  it('is that of Standard Webhooks; other headers name event, delivery and attempt', async () => {
    await send('{"n":1}', 'signed');
    const request = await waitFor(() => receiver.requests[0]);
    const { headers } = request;
    expect(headers['webhook-signature']).toBe(signatureOf(request));
    expect(headers).toMatchObject({ 'cl-x-event-id': 'signed', 'cl-x-attempt': '1 of 4' });
    expect(headers['user-agent']).toBe('data-pusher/0.0.0-test');
    const deliveries = async () => {
      const path = `/accounts/${account.id}/logs/signed`;
      return (await app.call('GET', path, { token: admin.token })).body.deliveries;
    };
    const [logged] = await waitFor(async () => (await deliveries()).length > 0 && deliveries());
    expect(headers['cl-x-delivery-id']).toBe(logged.id);
  });

  it.each(['{"n":1}', '{"n":"é"}', `{"n":"${'x'.repeat(20_000)}"}`])(
    'is right in later attempts, which read the event back, %#',
    async (body) => {
      receiver.answer((_, index) => (index === 0 ? 500 : 200));
      await send(body, 'again');
      await waitFor(() => receiver.requests[1]);
      for (const request of receiver.requests) {
        expect(request.body.toString()).toBe(body);
        expect(request.headers['webhook-signature']).toBe(signatureOf(request));
      }
    },
  );
});
