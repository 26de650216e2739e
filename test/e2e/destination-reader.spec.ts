import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DestinationReader } from '../../src/destinations/destination-reader.js';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  UNKNOWN,
  createAccount,
  createDestination,
  registerAdmin,
} from '../support/factories.js';

const URL_A = 'https://webhook.example/a';
const SECRET_HEADERS = { APP_ID: 'app-1', APP_SECRET: 's3cret-canary', Accept: '*' };

describe('DestinationReader', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
    account = await createAccount(app, admin);
  });

  afterAll(() => app?.close());

  const reader = () => app.app.get(DestinationReader, { strict: false });
  const path = (suffix: string, accountId = account.id) => `/accounts/${accountId}/destinations/${suffix}`;
  const create = async (body: object = {}, of = account): Promise<string> =>
    (await createDestination(app, admin, of, { url: URL_A, ...body })).id;

  it('gives accepting every destination that is not deleted, in any state', async () => {
    const shop = await createAccount(app, admin);
    const all = await create({}, shop);
    const some = await create({ event_types: ['user.*'] }, shop);
    const gone = await create({}, shop);
    await app.call('POST', path(`${some}/pause`, shop.id), { token: admin.token });
    await app.call('DELETE', path(gone, shop.id), { token: admin.token });
    expect(await reader().activeOf(shop.id)).toEqual([
      { id: all, eventTypes: [], state: 'active' },
      { id: some, eventTypes: ['user.*'], state: 'paused' },
    ]);
    expect(await reader().activeOf(randomUUID())).toEqual([]);
  });

  it('gives delivering what it needs, secrets opened, deleted ones marked', async () => {
    const kept = await create({ headers: SECRET_HEADERS });
    const gone = await create();
    await app.call('DELETE', path(gone), { token: admin.token });
    const found = await reader().forDelivery([kept, gone, UNKNOWN]);
    expect([...found.keys()].sort()).toEqual([kept, gone].sort());
    expect(found.get(kept)).toEqual({
      id: kept,
      accountId: account.id,
      accountName: account.account_name,
      url: URL_A,
      httpMethod: 'POST',
      headers: SECRET_HEADERS,
      signingSecrets: [expect.stringMatching(/^whsec_/)],
      previousSecretExpiresAt: null,
      state: 'active',
      version: 1,
      maxInFlight: 128,
      rateLimitPerSecond: null,
      timeoutMs: null,
      deleted: false,
    });
    expect(found.get(gone)).toMatchObject({ deleted: true });
    expect(await reader().forDelivery([])).toEqual(new Map());
  });

  it('marks destinations of a deleted account', async () => {
    const doomed = await createAccount(app, admin);
    const id = await create({}, doomed);
    await app.call('DELETE', `/accounts/${doomed.id}`, { token: admin.token });
    expect((await reader().forDelivery([id])).get(id)).toMatchObject({ deleted: true });
  });
});
