import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
  unlimited,
} from '../support/factories.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

interface Delivery {
  id: string;
  destination_id: string;
  status: string;
  origin: string;
  attempts: number;
  last_error: string | null;
  received_at: string;
}

const BODY = '{ "event_type": "user.update",  "n": 1.0 }';

describe('replaying an event', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;

  beforeAll(async () => {
    app = await createTestApp();
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    account = await createAccount(app, admin);
    await unlimited(app, admin, account);
    receiver = await startReceiver();
  });

  afterEach(() => receiver.close());
  afterAll(() => app?.close());

  const destination = async (body: object = {}): Promise<string> =>
    (await createDestination(app, admin, account, { url: `${receiver.url}/hook`, ...body })).id;

  const change = (id: string, action: string) =>
    app.call('POST', `/accounts/${account.id}/destinations/${id}/${action}`, { token: admin.token });

  const send = (eventId: string, raw = BODY) =>
    app.call('POST', '/server/incoming_data', {
      raw,
      headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': eventId },
    });

  const replay = (eventId: string, body?: unknown): Promise<TestAnswer> =>
    app.call('POST', `/accounts/${account.id}/logs/${eventId}/replay`, { token: admin.token, body });

  const deliveriesOf = async (eventId: string): Promise<Delivery[]> => {
    const { body } = await app.call('GET', `/accounts/${account.id}/logs/${eventId}`, { token: admin.token });
    return body.deliveries;
  };

  const settled = (eventId: string, count: number): Promise<Delivery[]> =>
    waitFor(async () => {
      const deliveries = await deliveriesOf(eventId);
      const isDone = deliveries.every(({ status }) => ['success', 'failed', 'cancelled'].includes(status));
      return deliveries.length === count && isDone && deliveries;
    });

  const refused = async (answer: Promise<TestAnswer>, status: number, code: string): Promise<string> => {
    const { body, ...rest } = await answer;
    expect({ status: rest.status, code: body.code }).toEqual({ status, code });
    return body.detail;
  };

  it('sends the same bytes under the same event id in a delivery of its own, at once', async () => {
    receiver.answer(() => 410);
    const id = await destination();
    await send('order-1');
    const [failed] = await settled('order-1', 1);
    // Its delivery is written down before it is disabled.
    await waitFor(async () => {
      const path = `/accounts/${account.id}/destinations/${id}`;
      return (await app.call('GET', path, { token: admin.token })).body.state === 'disabled';
    });
    await change(id, 'enable');
    receiver.answer(() => 200);

    const startedAt = performance.now();
    const { status, body } = await replay('order-1');
    expect(status).toBe(202);
    expect(body).toMatchObject({
      event_id: 'order-1',
      delivery_ids: [body.deliveries[0].id],
      deliveries: [{ destination_id: id, status: 'pending' }],
    });
    await waitFor(() => receiver.requests.length === 2);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    const [first, second] = receiver.requests;
    expect(second!.body.toString()).toBe(BODY);
    for (const header of ['cl-x-event-id', 'webhook-id'])
      expect(second!.headers[header]).toBe(first!.headers[header]);
    expect(second!.headers['cl-x-delivery-id']).toBe(body.delivery_ids[0]);
    const [made, original] = await settled('order-1', 2);
    expect(original).toEqual(failed);
    expect(made).toMatchObject({
      id: body.delivery_ids[0],
      origin: 'replay',
      status: 'success',
      attempts: 1,
    });
    expect(made!.received_at).toBe(failed!.received_at);
  });

  it('goes to every active destination that takes the type now, without the paused ones', async () => {
    await send('order-1');
    const [wanted, paused] = [await destination({ event_types: ['user.*'] }), await destination()];
    await destination({ event_types: ['order.*'] });
    await change(paused, 'pause');
    const { body } = await replay('order-1');
    expect(body.deliveries).toMatchObject([{ destination_id: wanted }]);
    expect(await settled('order-1', 1)).toMatchObject([{ status: 'success' }]);
  });

  it('goes to named destinations whatever they take, and is held where one is paused', async () => {
    const [other, paused] = [await destination({ event_types: ['order.*'] }), await destination()];
    await change(paused, 'pause');
    await send('order-1');
    const { body } = await replay('order-1', { destination_ids: [paused, other, other.toUpperCase()] });
    const byId = new Map(body.deliveries.map((one: Delivery) => [one.destination_id, one.status]));
    expect([...byId].sort()).toEqual([[other, 'pending'] as const, [paused, 'held'] as const].sort());
    await waitFor(() => receiver.requests.length === 1);
    await change(paused, 'resume');
    await settled('order-1', 3);
    expect(receiver.requests).toHaveLength(3);
  });

  it('makes new deliveries with every call, also with two at once', async () => {
    await destination();
    await send('order-1');
    const answers = await Promise.all([replay('order-1'), replay('order-1'), replay('order-1')]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(new Set(answers.flatMap(({ body }) => body.delivery_ids)).size).toBe(3);
    await settled('order-1', 4);
    expect(receiver.requests).toHaveLength(4);
  });

  it('finds the replay of an event that is weeks old, in the log and by its id', async () => {
    const id = await destination();
    const receivedAt = Date.now() - 20 * 86_400_000;
    const event = uuidv7({ msecs: receivedAt });
    await app.dataSource.query(
      `WITH key AS (INSERT INTO event_keys VALUES ($1, 'old-1', $2, '\\x00'))
       INSERT INTO events (account_id, id, event_id, payload, destination_ids, received_at)
       VALUES ($1, $2, 'old-1', convert_to($3, 'UTF8'), '{}', $4)`,
      [account.id, event, BODY, new Date(receivedAt)],
    );
    const { body } = await replay('old-1', { destination_ids: [id] });
    const [made] = await settled('old-1', 1);
    expect(made).toMatchObject({ id: body.delivery_ids[0], status: 'success', origin: 'replay' });
    expect(receiver.requests[0]!.body.toString()).toBe(BODY);
    const listed = await app.call('GET', `/accounts/${account.id}/logs?event_id=old-1`, {
      token: admin.token,
    });
    expect(listed.body.data).toMatchObject([{ id: made!.id }]);
    const states = await app.call('POST', `/accounts/${account.id}/reconciliation`, {
      token: admin.token,
      body: { event_ids: ['old-1'] },
    });
    expect(states.body.data[0]).toMatchObject({ state: 'unrouted', others: { delivered: 1 } });
  });

  it('does not count in how long events take', async () => {
    await destination();
    await send('order-1');
    await settled('order-1', 1);
    const counts = async () => {
      const { body } = await app.call('GET', '/metrics');
      return /(?:first_attempt|data_pusher_delivery)_delay_seconds_count \d+/g[Symbol.match](body as string);
    };
    const before = await counts();
    await replay('order-1');
    await settled('order-1', 2);
    expect(before).toHaveLength(2);
    expect(await counts()).toEqual(before);
  });

  it('is cancelled with the destination it is on its way to', async () => {
    const id = await destination();
    await change(id, 'pause');
    await send('order-1');
    await replay('order-1', { destination_ids: [id] });
    await app.call('DELETE', `/accounts/${account.id}/destinations/${id}`, { token: admin.token });
    const ended = await settled('order-1', 2);
    expect(ended.map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
  });

  it('says 410 where retention has removed the body, and 404 where nobody knows the event', async () => {
    await destination();
    await send('order-1');
    await settled('order-1', 1);
    await app.dataSource.query('DELETE FROM events WHERE account_id = $1', [account.id]);
    expect(await refused(replay('order-1'), 410, 'event_removed')).toContain('PAYLOAD_RETENTION_DAYS');
    await refused(replay('nobody'), 404, 'not_found');
    await refused(replay('%00'), 404, 'not_found');
  });

  it('says 409 where no active destination takes it', async () => {
    await send('order-1');
    await refused(replay('order-1'), 409, 'conflict');
    await change(await destination(), 'pause');
    await destination({ event_types: ['order.*'] });
    await refused(replay('order-1'), 409, 'conflict');
    expect(await deliveriesOf('order-1')).toEqual([]);
  });

  it('refuses destinations that are not there and names them, and then sends nothing', async () => {
    const [kept, deleted] = [await destination(), await destination()];
    await send('order-1');
    await settled('order-1', 2);
    await app.call('DELETE', `/accounts/${account.id}/destinations/${deleted}`, { token: admin.token });
    const stranger = await createAccount(app, admin);
    const foreign = await createDestination(app, admin, stranger, { url: receiver.url });
    for (const wrong of [uuidv7(), deleted, foreign.id]) {
      const body = { destination_ids: [kept, wrong] };
      expect(await refused(replay('order-1', body), 400, 'invalid_data')).toContain(wrong);
    }
    for (const body of [{ destination_ids: [] }, { destination_ids: ['x'] }, { destinations: [kept] }, []])
      await refused(replay('order-1', body), 400, 'invalid_data');
    expect(await deliveriesOf('order-1')).toHaveLength(2);
  });
});
