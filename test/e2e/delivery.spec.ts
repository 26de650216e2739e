import { getQueueToken } from '@nestjs/bullmq';
import type { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DELIVERIES_QUEUE } from '../../src/delivery/contract.js';
import { type TestApp, createTestApp } from '../support/app.js';
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

interface LoggedDelivery {
  id: string;
  status: string;
  attempts: number;
  last_status_code: number | null;
  last_error: string | null;
  next_attempt_at: string | null;
  explanation: string;
  attempt_log: {
    number: number;
    status_code: number | null;
    error: string | null;
    response_excerpt: string | null;
  }[];
}

describe('delivery', () => {
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
  afterAll(() => app.close());

  const destination = (body: object = {}) =>
    createDestination(app, admin, account, { url: `${receiver.url}/hook`, ...body });

  const send = async (body = '{"n":1}', eventId?: string): Promise<string> => {
    const answer = await app.call('POST', '/server/incoming_data', {
      raw: body,
      headers: { 'cl-x-token': account.app_secret_token, ...(eventId ? { 'cl-x-event-id': eventId } : {}) },
    });
    expect(answer.status).toBe(202);
    return answer.body.event_id;
  };

  const deliveries = async (eventId: string): Promise<LoggedDelivery[]> => {
    const { body } = await app.call('GET', `/accounts/${account.id}/logs/${eventId}`, { token: admin.token });
    return body.deliveries;
  };

  const delivered = (eventId: string, status: string): Promise<LoggedDelivery> =>
    waitFor(async () => (await deliveries(eventId)).find((delivery) => delivery.status === status), {
      what: `a delivery that is ${status}`,
    });

  it('sends a GET as query parameters, nested values as JSON text', async () => {
    await destination({ http_method: 'GET', url: `${receiver.url}/hook?fixed=1` });
    await send('{"name":"Ann B","n":1.0,"nested":{"a":[1]}}');
    const request = await waitFor(() => receiver.requests[0]);
    expect(request.method).toBe('GET');
    expect(request.body).toHaveLength(0);
    const query = new URL(request.url, receiver.url).searchParams;
    expect(Object.fromEntries(query)).toEqual({ fixed: '1', name: 'Ann B', n: '1.0', nested: '{"a":[1]}' });
  });

  it('refuses a GET past 6 KiB for good, with the reason', async () => {
    await destination({ http_method: 'GET' });
    const failed = await delivered(await send(`{"long":"${'x'.repeat(7000)}"}`), 'failed');
    expect(failed.attempts).toBe(1);
    expect(failed.last_error).toContain('6 KiB');
    expect(receiver.requests).toHaveLength(0);
  });

  it('tries again on the schedule until the destination takes it, and logs every attempt', async () => {
    receiver.answer((_, index) => [500, 302, 200][index]!);
    await destination();
    const success = await delivered(await send(), 'success');
    expect(success).toMatchObject({ attempts: 3, last_status_code: 200, last_error: null });
    expect(success.attempt_log.map(({ number, status_code }) => [number, status_code])).toEqual([
      [1, 500],
      [2, 302],
      [3, 200],
    ]);
    expect(receiver.requests.map(({ headers }) => headers['cl-x-attempt'])).toEqual([
      '1 of 4',
      '2 of 4',
      '3 of 4',
    ]);
    expect(new Set(receiver.requests.map(({ body }) => body.toString()))).toEqual(new Set(['{"n":1}']));
  });

  it('gives up when the schedule ends and says why', async () => {
    receiver.answer((_request, _index, response) => {
      response.writeHead(503).end('overloaded');
    });
    await destination();
    const failed = await delivered(await send(), 'failed');
    expect(failed).toMatchObject({ attempts: 4, last_status_code: 503 });
    expect(failed.attempt_log).toHaveLength(4);
    expect(failed.attempt_log[0]!.response_excerpt).toBe('overloaded');
    expect(failed.explanation).toMatch(/^Given up at .* after 4 attempts/);
  });

  it('counts no answer in time as a failure', async () => {
    receiver.answer((_, index) => (index === 0 ? undefined : 200));
    await destination({ timeout_ms: 200 });
    const success = await delivered(await send(), 'success');
    expect(success.attempt_log[0]).toMatchObject({
      status_code: null,
      error: expect.stringContaining('timeout'),
    });
  });

  it('disables the destination on 410 and holds what comes after', async () => {
    receiver.answer(() => 410);
    const { id } = await destination();
    await delivered(await send(), 'failed');
    const path = `/accounts/${account.id}/destinations/${id}`;
    // Its delivery is written down first.
    const disabled = await waitFor(async () => {
      const { body } = await app.call('GET', path, { token: admin.token });
      return body.state === 'disabled' && body;
    });
    expect(disabled.disabled_reason).toContain('410');
    const second = await send();
    await delivered(second, 'held');
    receiver.answer(() => 200);
    await app.call('POST', `${path}/enable`, { token: admin.token });
    await delivered(second, 'success');
  });

  it('lets a destination slow itself down with Retry-After', async () => {
    receiver.answer((_request, index, response) => {
      if (index > 0) return 200;
      response.writeHead(429, { 'retry-after': '1' }).end();
      return undefined;
    });
    await destination();
    const started = performance.now();
    await delivered(await send(), 'success');
    expect(performance.now() - started).toBeGreaterThan(900);
    expect(receiver.requests).toHaveLength(2);
  });

  it('keeps one destination from delaying another', async () => {
    const hanging = await startReceiver(() => undefined);
    await createDestination(app, admin, account, { url: hanging.url, max_in_flight: 1 });
    await destination();
    const events = await Promise.all(Array.from({ length: 20 }, () => send()));
    await waitFor(() => receiver.requests.length === events.length, { timeoutMs: 5000 });
    await hanging.close();
  });

  it('never has more attempts under way than max_in_flight', async () => {
    let open = 0;
    let most = 0;
    receiver.answer((_request, _index, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.writeHead(200).end();
      }, 20);
    });
    await destination({ max_in_flight: 2 });
    await Promise.all(Array.from({ length: 30 }, () => send()));
    await waitFor(() => receiver.requests.length === 30);
    expect(most).toBe(2);
  });

  it('holds while paused and delivers in full after resume', async () => {
    const { id } = await destination();
    const path = `/accounts/${account.id}/destinations/${id}`;
    await app.call('POST', `${path}/pause`, { token: admin.token });
    const event = await send();
    const [held] = await deliveries(event);
    expect(held).toMatchObject({ status: 'held', attempts: 0, next_attempt_at: null });
    expect(receiver.requests).toHaveLength(0);
    await app.call('POST', `${path}/resume`, { token: admin.token });
    await delivered(event, 'success');
  });

  it('cancels what is still to do when the destination is deleted', async () => {
    receiver.answer(() => 500);
    const { id } = await destination();
    const event = await send();
    await delivered(event, 'retrying');
    await app.call('DELETE', `/accounts/${account.id}/destinations/${id}`, { token: admin.token });
    const cancelled = await delivered(event, 'cancelled');
    expect(cancelled.explanation).toContain('deleted');
  });

  it('claims a delivery once, however often its job runs', async () => {
    await destination();
    await app.call('POST', `/accounts/${account.id}/destinations`, {
      token: admin.token,
      body: { url: receiver.url },
    });
    const event = await send();
    const ids = (await deliveries(event)).map(({ id }) => id);
    const queue = app.app.get<Queue>(getQueueToken(DELIVERIES_QUEUE));
    const data = { accounts: [], events: 1, delivery_ids: ids, attempts: 0 };
    await queue.addBulk(Array.from({ length: 20 }, () => ({ name: 'again', data })));
    await waitFor(async () => (await queue.getJobCounts('waiting', 'active')).waiting === 0);
    await waitFor(async () => (await deliveries(event)).every(({ status }) => status === 'success'));
    expect(receiver.requests).toHaveLength(2);
  });

  it('delivers within two seconds when every job is lost', async () => {
    await destination();
    const queue = app.app.get<Queue>(getQueueToken(DELIVERIES_QUEUE));
    await queue.pause();
    const events = await Promise.all(Array.from({ length: 10 }, () => send()));
    await queue.obliterate({ force: true });
    await waitFor(() => receiver.requests.length === events.length, { timeoutMs: 5000 });
    await queue.resume();
  });

  it('takes over the delivery of a worker that died, and fences its late result', async () => {
    const { id: destinationId } = await destination();
    await app.dataSource.query(`UPDATE destinations SET state = 'paused' WHERE id = $1`, [destinationId]);
    const event = await waitFor(async () => {
      const sent = await send();
      return (await deliveries(sent))[0]?.status === 'held' && sent;
    });
    // As a worker leaves it that was killed in the middle of an attempt: leased, and the lease has run out.
    await app.dataSource.query(`UPDATE destinations SET state = 'active' WHERE id = $1`, [destinationId]);
    await app.dataSource.query(
      `UPDATE deliveries SET status = 'pending', due_at = now() - interval '1 minute',
         lease_token = gen_random_uuid(), lease_until = now() - interval '1 second'
       WHERE destination_id = $1`,
      [destinationId],
    );
    const success = await delivered(event, 'success');
    expect(success.attempts).toBe(1);
    expect(receiver.requests.filter(({ headers }) => headers['cl-x-event-id'] === event)).toHaveLength(1);
  });

  it('shows on the board which job failed, where and why', async () => {
    receiver.answer(() => 500);
    await destination({ url: `${receiver.url}/secret-path?token=hidden` });
    await send();
    const queue = app.app.get<Queue>(getQueueToken(DELIVERIES_QUEUE));
    const job = await waitFor(async () =>
      (await queue.getFailed()).find(({ data }) => data.accounts[0]?.id === account.id),
    );
    expect(job.name).toBe(`${account.account_name} · 1 event · 1 delivery`);
    expect(job.failedReason).toMatch(
      /^1 not delivered, 0 delivered\n\nPOST .*\n.*\n.*\n +why +status: .*500.*\n +next +attempt 2\n +due /,
    );
    expect(job.failedReason).not.toContain('hidden');
  });
});
