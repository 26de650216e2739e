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

const LONG_AGO = '2026-01-01T00:00:00Z';

interface Progress {
  matched: number;
  replayed: number;
  skipped: number;
}

interface Recovery extends Progress {
  id: string;
  state: string;
  progress_percent: number;
  estimated_seconds: number | null;
  destinations: (Progress & { destination_id: string; url: string | null; ended: boolean })[];
}

describe('a recovery', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let receiver: Receiver;

  beforeAll(async () => {
    // One attempt, so that what fails is over at once.
    app = await createTestApp({ RETRY_SCHEDULE: '0s' });
    admin = await registerAdmin(app);
  });

  beforeEach(async () => {
    account = await createAccount(app, admin);
    await unlimited(app, admin, account);
    receiver = await startReceiver(() => 500);
  });

  afterEach(() => receiver.close());
  afterAll(() => app?.close());

  const asAdmin = (method: string, path: string, body?: unknown): Promise<TestAnswer> =>
    app.call(method, `/accounts/${account.id}${path}`, { token: admin.token, body });

  const destination = async (body: object = {}): Promise<string> =>
    (await createDestination(app, admin, account, { url: receiver.url, ...body })).id;

  const send = async (prefix: string, count: number, type = 'a'): Promise<void> => {
    const answers = await Promise.all(
      Array.from({ length: count }, (_, n) =>
        app.call('POST', '/server/incoming_data', {
          body: { event_type: type, n },
          headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': `${prefix}-${n}` },
        }),
      ),
    );
    for (const { status } of answers) expect(status).toBe(202);
  };

  const counts = async (): Promise<Record<string, number>> => {
    const rows: { key: string; count: number }[] = await app.dataSource.query(
      `SELECT origin || ' ' || status AS key, count(*)::integer AS count FROM (
         SELECT origin, status FROM deliveries WHERE account_id = $1
         UNION ALL SELECT origin, status FROM finished_deliveries WHERE account_id = $1) all_of_them
       GROUP BY 1`,
      [account.id],
    );
    return Object.fromEntries(rows.map(({ key, count }) => [key, count]));
  };

  const untilCounts = (expected: Record<string, number>) =>
    waitFor(async () => JSON.stringify(await sortedCounts()) === JSON.stringify(sorted(expected)), {
      timeoutMs: 15_000,
      what: JSON.stringify(expected),
    });
  const sorted = (record: Record<string, number>) => Object.entries(record).sort();
  const sortedCounts = async () => sorted(await counts());

  const create = async (filter: object = {}): Promise<Recovery> => {
    const { status, body } = await asAdmin('POST', '/recoveries', { filter: { from: LONG_AGO, ...filter } });
    expect({ status, body }).toMatchObject({ status: 201, body: { state: 'preview', replayed: 0 } });
    return body;
  };
  const read = async (id: string): Promise<Recovery> => (await asAdmin('GET', `/recoveries/${id}`)).body;
  const tell = (id: string, action: string) => asAdmin('POST', `/recoveries/${id}/${action}`);
  const completed = (id: string): Promise<Recovery> =>
    waitFor(
      async () => {
        const recovery = await read(id);
        return recovery.state === 'completed' && recovery;
      },
      { timeoutMs: 15_000, what: 'the recovery' },
    );

  it('counts first and sends nothing; started, it delivers what had failed, each once', async () => {
    const id = await destination();
    await send('lost', 45);
    await untilCounts({ 'event failed': 45 });
    receiver.answer(() => 200);
    await send('fine', 5);
    await untilCounts({ 'event failed': 45, 'event success': 5 });

    const preview = await create();
    expect(preview).toMatchObject({
      matched: 45,
      matched_is_exact: true,
      filter: { status: 'failed', destination_ids: null, event_type: null, from: '2026-01-01T00:00:00.000Z' },
      progress_percent: 0,
      estimated_seconds: 1,
      created_by: admin.user.id,
      destinations: [{ destination_id: id, url: receiver.url, matched: 45, ended: false }],
    });
    expect(receiver.requests).toHaveLength(50);

    expect(await tell(preview.id, 'start')).toMatchObject({ status: 200, body: { state: 'running' } });
    expect(await completed(preview.id)).toMatchObject({
      replayed: 45,
      skipped: 0,
      progress_percent: 100,
      estimated_seconds: null,
      destinations: [{ replayed: 45, ended: true }],
    });
    await untilCounts({ 'event failed': 45, 'event success': 5, 'replay success': 45 });
    const again = receiver.requests.slice(50).map(({ headers }) => headers['cl-x-event-id']);
    expect(new Set(again).size).toBe(45);
    const listed = await asAdmin('GET', '/recoveries?state=completed');
    expect(listed.body.data).toMatchObject([{ id: preview.id, matched: 45, replayed: 45 }]);

    // All has arrived: there is nothing left to recover.
    expect(await create()).toMatchObject({ matched: 0, destinations: [] });
  });

  it('takes what its filter says: destinations, type, time and state', async () => {
    const [one, other] = [await destination(), await destination({ event_types: ['b'] })];
    await send('a', 3, 'a');
    await send('b', 2, 'b');
    await untilCounts({ 'event failed': 7 });
    const now = new Date().toISOString();
    await asAdmin('POST', `/destinations/${other}/pause`);
    await send('held', 1, 'b');
    await untilCounts({ 'event failed': 8, 'event held': 1 });
    const matched = async (filter: object) => (await create(filter)).matched;
    expect(await matched({})).toBe(8);
    expect(await matched({ destination_ids: [other] })).toBe(2);
    expect(await matched({ destination_ids: [one, other], event_type: 'a' })).toBe(3);
    expect(await matched({ to: now })).toBe(7);
    expect(await matched({ from: now })).toBe(1);
    expect(await matched({ status: 'success' })).toBe(0);
    expect(await matched({ status: 'cancelled' })).toBe(0);
    // What went to a destination that is gone cannot be sent there.
    await asAdmin('DELETE', `/destinations/${other}`);
    expect(await matched({ status: 'cancelled' })).toBe(0);
    expect(await matched({})).toBe(6);
  });

  it('sends again what was delivered, where that is asked for', async () => {
    receiver.answer(() => 200);
    await destination();
    await send('fine', 3);
    await untilCounts({ 'event success': 3 });
    const { id, matched } = await create({ status: 'success' });
    expect(matched).toBe(3);
    await tell(id, 'start');
    await untilCounts({ 'event success': 3, 'replay success': 3 });
    expect(await create({ status: 'success' })).toMatchObject({ matched: 3 });
  });

  it('keeps to what matched when it was created, and makes nothing twice of what fails again', async () => {
    await destination();
    await send('early', 4);
    await untilCounts({ 'event failed': 4 });
    let fail = (): void => undefined;
    receiver.answer((_request, _index, response) => {
      fail = () => response.writeHead(500).end();
    });
    await send('under-way', 1);
    await waitFor(() => receiver.requests.length === 5);
    const { id } = await create();
    fail();
    receiver.answer(() => 500);
    await send('late', 2);
    await untilCounts({ 'event failed': 7 });
    await tell(id, 'start');
    expect(await completed(id)).toMatchObject({ matched: 4, replayed: 4, skipped: 0 });
    await untilCounts({ 'event failed': 7, 'replay failed': 4 });
    // Each event once more, however often it has failed.
    const next = await create();
    expect(next.matched).toBe(7);
    receiver.answer(() => 200);
    await tell(next.id, 'start');
    await completed(next.id);
    await untilCounts({ 'event failed': 7, 'replay failed': 4, 'replay success': 7 });
  });

  it('passes over what somebody has sent again since the preview', async () => {
    const id = await destination();
    await send('lost', 3);
    await untilCounts({ 'event failed': 3 });
    const recovery = await create();
    receiver.answer(() => 200);
    expect((await asAdmin('POST', '/logs/lost-1/replay', { destination_ids: [id] })).status).toBe(202);
    await untilCounts({ 'event failed': 3, 'replay success': 1 });
    await app.dataSource.query(`DELETE FROM events WHERE account_id = $1 AND event_id = 'lost-2'`, [
      account.id,
    ]);
    await tell(recovery.id, 'start');
    expect(await completed(recovery.id)).toMatchObject({ matched: 3, replayed: 1, skipped: 2 });
    await untilCounts({ 'event failed': 3, 'replay success': 2 });
  });

  it('sends everything once where two run at the same time', async () => {
    await destination();
    await send('lost', 100);
    await untilCounts({ 'event failed': 100 });
    receiver.answer(() => 200);
    const both = [await create(), await create()];
    await Promise.all(both.map(({ id }) => tell(id, 'start')));
    const ended = await Promise.all(both.map(({ id }) => completed(id)));
    expect(ended[0]!.replayed + ended[1]!.replayed).toBe(100);
    await untilCounts({ 'event failed': 100, 'replay success': 100 });
  });

  it('gives a destination no more than it has places for, and keeps no other waiting for it', async () => {
    const slow = await startReceiver(() => 500);
    const [narrow, wide] = [await destination({ url: slow.url, max_in_flight: 2 }), await destination()];
    await send('lost', 20);
    await untilCounts({ 'event failed': 40 });
    receiver.answer(() => 200);
    const waiting: (() => void)[] = [];
    slow.answer((_request, _index, response) => {
      waiting.push(() => response.writeHead(200).end());
    });
    const { id } = await create();
    await tell(id, 'start');
    await waitFor(() => waiting.length === 2);
    const now = await waitFor(async () => {
      const recovery = await read(id);
      const done = recovery.destinations.find((one) => one.destination_id === wide);
      return done!.ended && recovery;
    });
    expect(now).toMatchObject({ state: 'running', progress_percent: 55 });
    expect(now.destinations.find((one) => one.destination_id === narrow)).toMatchObject({ replayed: 2 });
    expect(await tell(id, 'cancel')).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    for (const answer of waiting) answer();
    await untilCounts({ 'event failed': 40, 'replay success': 22 });
    await slow.close();
  });

  it('is paused and goes on where it was, and nothing is made after a pause was answered', async () => {
    await destination({ max_in_flight: 1 });
    await send('lost', 12);
    await untilCounts({ 'event failed': 12 });
    receiver.answer(() => 200);
    const { id } = await create();
    await tell(id, 'start');
    await waitFor(async () => (await read(id)).replayed >= 2);
    const { body: paused } = await tell(id, 'pause');
    expect(paused.state).toBe('paused');
    await untilCounts({ 'event failed': 12, 'replay success': paused.replayed });
    expect((await read(id)).replayed).toBe(paused.replayed);
    expect(paused.replayed).toBeLessThan(12);
    expect(await tell(id, 'pause')).toMatchObject({ status: 200 });
    expect(await tell(id, 'resume')).toMatchObject({ status: 200, body: { state: 'running' } });
    await completed(id);
    await untilCounts({ 'event failed': 12, 'replay success': 12 });
    for (const action of ['start', 'pause', 'resume', 'cancel'])
      expect(await tell(id, action)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('leaves what it makes for a paused destination waiting there', async () => {
    const id = await destination();
    await send('lost', 3);
    await untilCounts({ 'event failed': 3 });
    await asAdmin('POST', `/destinations/${id}/pause`);
    const recovery = await create();
    await tell(recovery.id, 'start');
    expect(await completed(recovery.id)).toMatchObject({ replayed: 3 });
    await untilCounts({ 'event failed': 3, 'replay held': 3 });
    receiver.answer(() => 200);
    await asAdmin('POST', `/destinations/${id}/resume`);
    await untilCounts({ 'event failed': 3, 'replay success': 3 });
  });

  it('stays balanced in the reconciliation, its deliveries apart', async () => {
    await destination();
    await send('lost', 60);
    await untilCounts({ 'event failed': 60 });
    receiver.answer((_request, index) => (index % 2 ? 200 : 500));
    const { id } = await create();
    await tell(id, 'start');
    const seen: { balanced: boolean; failed: number; others: Record<string, number>[] }[] = [];
    while ((await read(id)).state !== 'completed') seen.push((await asAdmin('GET', '/reconciliation')).body);
    seen.push((await asAdmin('GET', '/reconciliation')).body);
    expect(seen.every(({ balanced, failed }) => balanced && failed === 60)).toBe(true);
    const [{ delivered, failed, pending }] = seen.at(-1)!.others as [Record<string, number>];
    expect(delivered! + failed! + pending!).toBe(60);
  });

  it.each([
    [{}, 'filter'],
    [{ filter: [] }, 'filter'],
    [{ filter: {} }, 'filter.from'],
    [{ filter: { from: 'yesterday' } }, 'filter.from'],
    [{ filter: { from: '2026-13-01' } }, 'filter.from'],
    [{ filter: { from: '2099-01-01' } }, 'filter.from'],
    [{ filter: { from: LONG_AGO, to: LONG_AGO } }, 'filter.from'],
    [{ filter: { from: LONG_AGO, status: 'held' } }, 'filter.status'],
    [{ filter: { from: LONG_AGO, since: LONG_AGO } }, 'filter.since'],
    [{ filter: { from: LONG_AGO, destination_ids: [] } }, 'filter.destination_ids'],
    [{ filter: { from: LONG_AGO, destination_ids: ['x'] } }, 'filter.destination_ids'],
    [
      { filter: { from: LONG_AGO, destination_ids: ['01920000-0000-7000-8000-000000000001'] } },
      'filter.destination_ids',
    ],
    [{ filter: { from: LONG_AGO }, start: true }, 'start'],
  ])('refuses %j and names the field', async (body, field) => {
    const answer = await asAdmin('POST', '/recoveries', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_data' } });
    expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
  });
});
