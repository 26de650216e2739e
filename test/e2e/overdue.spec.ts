import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OverdueDeliveries } from '../../src/events/overdue-deliveries.js';
import { type TestApp, createTestApp } from '../support/app.js';

describe('the oldest overdue delivery', () => {
  let app: TestApp;

  beforeEach(async () => {
    app = await createTestApp({}, 'api');
  });

  afterEach(() => app.close());

  const open = (dueSecondsAgo: number, columns: Record<string, string> = {}, destination = uuidv7()) => {
    const given = { status: `'pending'`, due_at: `now() - interval '${dueSecondsAgo} seconds'`, ...columns };
    return app.dataSource.query(
      `INSERT INTO deliveries (id, event, account_id, destination_id, ${Object.keys(given).join()})
       VALUES ($1, $1, $1, $2, ${Object.values(given).join()})`,
      [uuidv7(), destination],
    );
  };

  const oldest = () => app.app.get(OverdueDeliveries).readOldestSeconds();

  it('is 0 when nothing is open, due or free', async () => {
    expect(await oldest()).toBe(0);
    await open(-60);
    await open(0, { status: `'held'`, due_at: `'infinity'` });
    await open(600, { lease_token: 'gen_random_uuid()', lease_until: `now() + interval '1 minute'` });
    expect(await oldest()).toBe(0);
  });

  it('is the oldest of any destination that nobody works on, behind those that are under way', async () => {
    const busy = uuidv7();
    const underWay = { lease_token: 'gen_random_uuid()', lease_until: `now() + interval '1 minute'` };
    const abandoned = { lease_token: 'gen_random_uuid()', lease_until: `now() - interval '1 second'` };
    for (const seconds of [900, 800]) await open(seconds, underWay, busy);
    await open(50, { status: `'retrying'` });
    expect(Math.round(await oldest())).toBe(50);
    await open(70, {}, busy);
    expect(Math.round(await oldest())).toBe(70);
    await open(85, abandoned, busy);
    await open(-60, {}, busy);
    expect(Math.round(await oldest())).toBe(85);
    await open(90);
    expect(Math.round(await oldest())).toBe(90);
  });

  it.each([
    [30, /^ok$/],
    [90, /^degraded, .* has waited 9\d s/],
  ])('of %d seconds shows in the readiness, and events are accepted still', async (seconds, text) => {
    await open(seconds);
    const { status, body } = await app.call('GET', '/health/ready');
    expect(status).toBe(200);
    expect(body.status).toBe('ok');
    expect(body.checks.deliveries).toMatch(text);
    expect(Math.floor(body.oldest_overdue_seconds / 10)).toBe(seconds / 10);
  });
});
