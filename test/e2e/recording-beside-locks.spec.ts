import type { ServerResponse } from 'node:http';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../src/common/uuid.js';
import { DeliveryPool } from '../../src/database/pools.js';
import { Claims } from '../../src/delivery/claims.js';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
} from '../support/factories.js';
import { sendEvent } from '../support/incoming-data.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

describe('what was delivered is recorded', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;
  let locker: pg.Client;
  let unanswered: ServerResponse[];

  beforeAll(async () => {
    // The attempt outlasts what the test does meanwhile.
    app = await createTestApp({ DELIVERY_TIMEOUT_MS: '15000' });
    admin = await registerAdmin(app);
    locker = new pg.Client(app.config.database);
    await locker.connect();
  });

  beforeEach(async () => {
    unanswered = [];
    account = await createAccount(app, admin);
    receiver = await startReceiver((_request, _index, response) => void unanswered.push(response));
    await createDestination(app, admin, account, { url: receiver.url });
  });

  afterEach(() => receiver.close());

  afterAll(async () => {
    await locker.end();
    await app.close();
  });

  /** One event, which the receiver has and has not answered. */
  const send = async (): Promise<void> => {
    expect((await sendEvent(app, account, '{}')).status).toBe(202);
    await waitFor(() => unanswered.length === 1);
  };

  const recorded = (status: string) =>
    waitFor(
      async () => {
        const { rows } = await locker.query('SELECT status FROM finished_deliveries WHERE account_id = $1', [
          account.id,
        ]);
        return rows[0]?.status === status;
      },
      { timeoutMs: 5000, what: `the record of what is ${status}` },
    );

  it('while somebody has locked the events and every connection that claims waits', async () => {
    await send();

    await locker.query('BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    const limits = { rooms: new Map<string, number>(), maxBytes: 1 };
    const pool = app.app.get(DeliveryPool);
    const claims = Array.from({ length: pool.options.max + 1 }, () =>
      app.app.get(Claims).byId([uuidv7()], limits, null),
    );
    const claimed = Promise.allSettled(claims);
    await waitFor(() => pool.waitingCount > 0, { what: 'that no connection is left' });
    unanswered[0]!.writeHead(200).end();
    await recorded('success');

    await locker.query('COMMIT');
    await claimed;
  });

  it('while somebody edits the destination that is to be disabled for it', async () => {
    await send();
    await locker.query('BEGIN');
    await locker.query('SELECT FROM destinations WHERE account_id = $1 FOR UPDATE', [account.id]);
    unanswered[0]!.writeHead(410).end();
    await recorded('failed');
    await locker.query('COMMIT');
    await waitFor(async () => {
      const { rows } = await locker.query('SELECT state FROM destinations WHERE account_id = $1', [
        account.id,
      ]);
      return rows[0].state === 'disabled';
    });
  });
});
