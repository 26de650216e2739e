import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../faults/harness/database-proxy.js';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
} from '../support/factories.js';
import {
  NOTHING_STORED,
  batchOf,
  createUnlimitedAccount,
  sendBatch,
  stored,
} from '../support/incoming-data.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

interface Result {
  status: number;
  id: string | null;
  event_id: string | null;
  duplicate: boolean;
  destinations: string[];
  error: { code: string; detail: string; errors: { field: string }[] } | null;
}

/** What a serialiser would change: numbers, order, repeated keys, escapes, blanks. */
const DELICATE = [
  '{"a":1.0,"b":1e2,"big":12345678901234567890}',
  '{"b":1,"a":2,"b":3}',
  '{"s":"\\u00e9\\ud800\\u0000","t":"}],{\\"data\\":"}',
  '[ 1 ,\r\n\t2 ]',
  '{ }',
];

describe('a batch of incoming data', () => {
  const proxy = new DatabaseProxy();
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;

  beforeAll(async () => {
    app = await createTestApp({ DELIVERY_TIMEOUT_MS: '15000' }, 'all', (connection) =>
      proxy.start(connection),
    );
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    receiver = await startReceiver();
    account = await createUnlimitedAccount(app, admin);
  });

  afterEach(() => receiver.close());

  afterAll(async () => {
    await app.close();
    proxy.stop();
  });

  const send = (body: string | Buffer, headers: Record<string, string> = {}) =>
    sendBatch(app, account, body, headers);

  const results = (answer: TestAnswer): Result[] => answer.body.results;
  const statuses = (answer: TestAnswer): number[] => results(answer).map(({ status }) => status);
  const destination = (body: object = {}) =>
    createDestination(app, admin, account, { url: receiver.url, ...body });

  it('is accepted with a result for each event, and every destination gets the very bytes of each data', async () => {
    const { id } = await destination();
    const items = DELICATE.map((data, index) => ` {"data" :\n${data} , "event_id": "delicate-${index}"}`);
    const answer = await send(`[${items.join(' ,')}]`);

    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ success: true, accepted: 5, duplicates: 0, refused: 0 });
    expect(results(answer).map(({ event_id }) => event_id)).toEqual(DELICATE.map((_, n) => `delicate-${n}`));
    for (const result of results(answer))
      expect(result).toMatchObject({ status: 202, duplicate: false, destinations: [id], error: null });
    await waitFor(() => receiver.requests.length === 5);
    const received = receiver.requests.map(({ headers, body }) => [
      headers['cl-x-event-id'],
      body.toString(),
    ]);
    expect(received.toSorted()).toEqual(DELICATE.map((data, n) => [`delicate-${n}`, data]));
  });

  it('of 500 events starts its deliveries at once', async () => {
    await destination();
    const ids = Array.from({ length: 500 }, (_, index) => `many-${index}`);
    expect((await send(batchOf(...ids))).status).toBe(202);
    await waitFor(() => receiver.requests.length === 500);
    expect(new Set(receiver.requests.map(({ headers }) => headers['cl-x-event-id']))).toEqual(new Set(ids));
  });

  it('counts as one request of the limit', async () => {
    const limited = await createAccount(app, admin);
    const answers = await Promise.all(
      Array.from({ length: 7 }, (_, n) =>
        send(batchOf(`a-${n}`, `b-${n}`, `c-${n}`), { 'cl-x-token': limited.app_secret_token }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 202, 202, 202, 202, 429, 429]);
    const refused = answers.find(({ status }) => status === 429)!;
    expect(refused.headers.get('retry-after')).toBe('1');
  });

  it('is logged in the order in which it was sent', async () => {
    await destination();
    const ids = Array.from({ length: 20 }, (_, index) => `order-${index}`);
    await send(batchOf(...ids));
    const { body } = await app.call('GET', `/accounts/${account.id}/logs`, { token: admin.token });
    expect(body.data.map((entry: { event_id: string }) => entry.event_id)).toEqual(ids.toReversed());
  });

  it('goes where single events would go: by their type, and held for a destination that is paused', async () => {
    const users = await destination({ event_types: ['user.*'] });
    const paused = await destination({ event_types: ['order.paid'] });
    await app.call('POST', `/accounts/${account.id}/destinations/${paused.id}/pause`, { token: admin.token });
    const answer = await send(
      '[{"data":{"event_type":"user.update"}},{"data":{"type":"order.paid"}},{"data":{"type":"other"}}]',
    );
    expect(results(answer).map(({ destinations }) => destinations)).toEqual([[users.id], [paused.id], []]);
    await waitFor(() => receiver.requests.length === 1);
    const held = await app.call('GET', `/accounts/${account.id}/logs?status=held`, { token: admin.token });
    expect(held.body.data).toMatchObject([{ destination_id: paused.id, event_type: 'order.paid' }]);
  });

  it('makes an id for an event that has none', async () => {
    const [first, second] = results(await send('[{"data":{}},{"data":{}}]'));
    expect(first!.event_id).toBe(first!.id);
    expect(second!.id).not.toBe(first!.id);
  });

  it('stores the good events and tells of the bad ones', async () => {
    await app.call('PATCH', `/accounts/${account.id}`, {
      token: admin.token,
      body: { require_event_id: true },
    });
    await send(batchOf('known', 'changed'));
    const huge = `"${'x'.repeat(1024 * 1024)}"`;
    const answer = await send(
      `[{"event_id":"new","data":[1]},{"event_id":"known","data":{"event_id":"known"}},{"event_id":"changed","data":{}},` +
        `{"data":{}},{"event_id":"a b","data":{}},{"event_id":"s","data":7},{"event_id":"h","data":[${huge}]}]`,
    );
    expect(answer.status).toBe(207);
    expect(answer.body).toMatchObject({ success: false, accepted: 1, duplicates: 1, refused: 5 });
    expect(statuses(answer)).toEqual([202, 200, 409, 400, 400, 400, 413]);
    expect(results(answer)[1]).toMatchObject({ duplicate: true, error: null });
    expect(results(answer)[2]).toMatchObject({
      event_id: 'changed',
      id: null,
      error: { code: 'event_id_reused', errors: [{ field: 'event_id' }] },
    });
    expect(results(answer)[2]!.error!.detail.match(/[0-9a-f]{64}/g)).toHaveLength(2);
    expect(results(answer)[3]!.error).toMatchObject({
      code: 'invalid_data',
      errors: [{ field: 'event_id' }],
    });
    expect(await stored(app, account)).toMatchObject({ events: 3, keys: 3 });
  });

  it('with nothing good in it stores nothing', async () => {
    const answer = await send('[{"data":1},2]');
    expect(answer.status).toBe(207);
    expect(statuses(answer)).toEqual([400, 400]);
    expect(await stored(app, account)).toEqual(NOTHING_STORED);
  });

  it('that holds an id twice stores the first one; the same bytes are a duplicate, others a conflict', async () => {
    await destination();
    const answer = await send(
      '[{"event_id":"a","data":[1]},{"event_id":"a","data":[1]},{"event_id":"a","data":[1 ]},{"event_id":"b","data":[]}]',
    );
    expect(statuses(answer)).toEqual([202, 200, 409, 202]);
    expect(results(answer)[1]!.id).toBe(results(answer)[0]!.id);
    await waitFor(() => receiver.requests.length === 2);
    expect(await stored(app, account)).toEqual({ events: 2, keys: 2, deliveries: 2 });
  });

  it('sent again is duplicates with the first receipts, also from ten producers at once', async () => {
    await destination();
    const ids = Array.from({ length: 30 }, (_, index) => `again-${index}`);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, turn) => send(batchOf(...(turn % 2 ? ids : ids.toReversed())))),
    );
    expect(answers.reduce((sum, { body }) => sum + body.accepted, 0)).toBe(30);
    const again = await send(batchOf(...ids));
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ success: true, accepted: 0, duplicates: 30 });
    await waitFor(() => receiver.requests.length === 30);
    expect(await stored(app, account)).toEqual({ events: 30, keys: 30, deliveries: 30 });
  });

  it('takes 4 MiB in all, and 1 MiB of each', async () => {
    const data = `["${'x'.repeat(1024 * 1024 - 4)}"]`;
    const answer = await send(`[${Array.from({ length: 3 }, () => `{"data":${data}}`).join()}]`);
    expect(statuses(answer)).toEqual([202, 202, 202]);
  });

  it('is stored whole or not at all, beside single events that share its transaction', async () => {
    const locker = app.dataSource.createQueryRunner();
    await locker.startTransaction();
    await locker.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    const single = (n: number) =>
      app.call('POST', '/server/incoming_data', {
        raw: '{}',
        headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': `single-${n}` },
      });
    const singles = Array.from({ length: 5 }, (_, n) => single(n));
    const [batch] = await Promise.all([send(batchOf('x', 'y', 'z')), ...singles]);
    expect(batch.status).toBe(503);
    expect(batch.headers.get('retry-after')).toBe('1');
    expect(batch.body.detail).toContain('same event ids');
    await locker.rollbackTransaction();
    await locker.release();
    expect(await stored(app, account)).toEqual(NOTHING_STORED);
    const answers = await Promise.all([
      send(batchOf('x', 'y', 'z')),
      ...Array.from({ length: 5 }, (_, n) => single(n)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202, 202]);
    expect(await stored(app, account)).toMatchObject({ events: 8, keys: 8 });
  });

  it('whose COMMIT was never answered is 503, and sent again it is all duplicates, delivered once', async () => {
    await destination();
    proxy.toLose = 1;
    const lost = await send(batchOf('a', 'b', 'c'));
    expect(lost.status).toBe(503);
    expect(proxy.lost).toBe(1);
    const again = await send(batchOf('a', 'b', 'c'));
    expect(again.status).toBe(200);
    expect(statuses(again)).toEqual([200, 200, 200]);
    await waitFor(() => receiver.requests.length === 3);
    expect(await stored(app, account)).toEqual({ events: 3, keys: 3, deliveries: 3 });
  });

  it('is counted event by event, by what each was answered', async () => {
    const read = async (name: string): Promise<number> => {
      const { body } = await app.call('GET', '/metrics');
      const values = [...body.matchAll(new RegExp(`^[a-z_]*${name}(?:\\{[^}]*\\})? (\\d+)$`, 'gm'))];
      return values.reduce((sum, [, value]) => sum + Number(value), 0);
    };
    const names = ['events_accepted_total', 'events_duplicate_total', 'events_refused_total'];
    const before = await Promise.all(names.map(read));
    await send(
      '[{"event_id":"m","data":{}},{"event_id":"m","data":{}},{"event_id":"n","data":{}},{"data":1}]',
    );
    const after = await Promise.all(names.map(read));
    expect(after.map((value, index) => value - before[index]!)).toEqual([2, 1, 1]);
  });
});
