import type { ServerResponse } from 'node:http';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../src/common/uuid.js';
import { DeliveryPool } from '../../src/database/pools.js';
import { Claims } from '../../src/delivery/claims.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { createAccount, createDestination, registerAdmin } from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

describe('while somebody has locked the events', () => {
  let app: TestApp;
  let receiver: Receiver;
  let locker: pg.Client;
  let unanswered: ServerResponse[];

  beforeAll(async () => {
    app = await createTestApp();
    locker = new pg.Client(app.config.database);
    await locker.connect();
  });

  beforeEach(async () => {
    unanswered = [];
    receiver = await startReceiver((_request, _index, response) => void unanswered.push(response));
  });

  afterEach(() => receiver.close());

  afterAll(async () => {
    await locker.end();
    await app.close();
  });

  it('what was delivered is recorded, however many claims wait', async () => {
    const admin = await registerAdmin(app);
    const account = await createAccount(app, admin);
    await createDestination(app, admin, account, { url: receiver.url });
    const headers = { 'cl-x-token': account.app_secret_token };
    expect((await app.call('POST', '/server/incoming_data', { body: {}, headers })).status).toBe(202);
    await waitFor(() => unanswered.length === 1);

    await locker.query('BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    const limits = { rooms: new Map<string, number>(), maxBytes: 1 };
    const pool = app.app.get(DeliveryPool);
    const claims = Array.from({ length: pool.options.max + 1 }, () =>
      app.app.get(Claims).byId([uuidv7()], limits, null),
    );
    const claimed = Promise.allSettled(claims);
    await waitFor(() => pool.waitingCount > 0, { what: 'that no connection is left' });
    unanswered[0]!.writeHead(200).end();
    await waitFor(
      async () => {
        const { rows } = await locker.query('SELECT status FROM finished_deliveries');
        return rows[0]?.status === 'success';
      },
      { timeoutMs: 5000, what: 'the record of a success' },
    );

    await locker.query('COMMIT');
    await claimed;
  });
});
