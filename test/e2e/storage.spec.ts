import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestUser, createAccount, registerAdmin } from '../support/factories.js';

interface TableStorage {
  table: string;
  bytes: number;
  estimated_rows: number;
  partitions: number;
  oldest_day: string | null;
  newest_day: string | null;
  kept_days: number | null;
  next_drop_at: string | null;
  days: { day: string; bytes: number; estimated_rows: number }[];
}

const DAY_MS = 86_400_000;

describe('storage', () => {
  let app: TestApp;
  let admin: TestUser;

  beforeAll(async () => {
    app = await createTestApp({ RETENTION_DAYS: '10', PAYLOAD_RETENTION_DAYS: '4' });
    admin = await registerAdmin(app);
  });

  afterAll(() => app.close());

  const readTables = async (): Promise<Record<string, TableStorage>> => {
    const { status, body } = await app.call('GET', '/storage', { token: admin.token });
    expect(status).toBe(200);
    return Object.fromEntries(body.tables.map((table: TableStorage) => [table.table, table]));
  };

  it('tells the periods that apply, and nothing to drop while nothing is stored', async () => {
    const { body } = await app.call('GET', '/storage', { token: admin.token });
    expect(body.periods).toEqual({ retention_days: 10, payload_retention_days: 4, dedup_days: 17 });
    const sum = body.tables.reduce((bytes: number, table: TableStorage) => bytes + table.bytes, 0);
    expect(body.bytes).toBe(sum);
    expect((await readTables()).events).toMatchObject({
      estimated_rows: 0,
      partitions: 8,
      oldest_day: null,
      next_drop_at: null,
      days: [],
    });
  });

  it('tells the size of each day and when the oldest is dropped', async () => {
    const account = await createAccount(app, admin);
    for (let n = 0; n < 3; n++)
      await app.call('POST', '/server/incoming_data', {
        body: { n, text: 'x'.repeat(2000) },
        headers: { 'cl-x-token': account.app_secret_token },
      });
    await app.call('POST', '/logs', {
      token: admin.token,
      body: { account_id: account.id, event_id: 'by-hand', status: 'success' },
    });
    await app.dataSource.query('ANALYZE events, event_keys, manual_log_entries');
    const { events, event_keys: keys, manual_log_entries: manual } = await readTables();
    const today = new Date().toISOString().slice(0, 10);
    expect(events).toMatchObject({
      estimated_rows: 3,
      oldest_day: today,
      newest_day: today,
      kept_days: 4,
      next_drop_at: new Date(Date.parse(today) + 5 * DAY_MS).toISOString(),
    });
    expect((await readTables()).search_blocks).toMatchObject({ partitions: 8, kept_days: 4, days: [] });
    expect(events!.days).toMatchObject([{ day: today, estimated_rows: 3 }]);
    expect(events!.days[0]!.bytes).toBeGreaterThan(8000);
    expect(keys).toMatchObject({ estimated_rows: 3, oldest_day: today, kept_days: 17, next_drop_at: null });
    expect(manual).toMatchObject({ estimated_rows: 1, oldest_day: today, kept_days: 10, partitions: 0 });
  });

  it('says null where things are kept for ever', async () => {
    const forever = await createTestApp({ RETENTION_DAYS: 'forever' }, 'api');
    const user = await registerAdmin(forever);
    const { body } = await forever.call('GET', '/storage', { token: user.token });
    expect(body.periods).toEqual({ retention_days: null, payload_retention_days: null, dedup_days: null });
    await forever.close();
  });
});
