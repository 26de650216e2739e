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

  const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

  const open = (dueSecondsAgo: number, columns: object = {}) => {
    const row = {
      id: uuidv7(),
      event: uuidv7(),
      event_id: 'e',
      account_id: uuidv7(),
      destination_id: uuidv7(),
      status: 'pending',
      attempts: 0,
      payload_bytes: 0,
      origin: 'event',
      received_at: ago(0),
      due_at: ago(dueSecondsAgo),
      ...columns,
    };
    return app.dataSource.query(
      'INSERT INTO deliveries SELECT * FROM jsonb_populate_record(NULL::deliveries, $1)',
      [JSON.stringify(row)],
    );
  };

  const leasedUntil = (secondsAgo: number) => ({ lease_token: uuidv7(), lease_until: ago(secondsAgo) });

  /** The tests may take their time. */
  const expectOldest = async (seconds: number) => {
    const read = await oldest();
    expect(read).toBeGreaterThanOrEqual(seconds);
    expect(read).toBeLessThan(seconds + 20);
  };

  const oldest = () => app.app.get(OverdueDeliveries).readOldestSeconds();

  it('is 0 when nothing is open, due or free', async () => {
    expect(await oldest()).toBe(0);
    await open(-60);
    await open(0, { status: 'held', due_at: 'infinity' });
    await open(600, leasedUntil(-60));
    expect(await oldest()).toBe(0);
  });

  it('is the oldest of any destination that nobody works on, behind those that are under way', async () => {
    const busy = { destination_id: uuidv7() };
    for (const seconds of [900, 800]) await open(seconds, { ...busy, ...leasedUntil(-60) });
    await open(50, { status: 'retrying' });
    await expectOldest(50);
    await open(80, busy);
    await expectOldest(80);
    await open(110, { ...busy, ...leasedUntil(1) });
    await open(-60, busy);
    await expectOldest(110);
    await open(140);
    await expectOldest(140);
  });

  it.each([
    [30, /^ok$/],
    [90, /^degraded, .* has waited \d+ s/],
  ])('of %d seconds shows in the readiness, and events are accepted still', async (seconds, text) => {
    await open(seconds);
    const { status, body } = await app.call('GET', '/health/ready');
    expect(status).toBe(200);
    expect(body.status).toBe('ok');
    expect(body.checks.deliveries).toMatch(text);
    expect(body.oldest_overdue_seconds).toBeGreaterThanOrEqual(seconds);
  });
});
