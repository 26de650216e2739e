import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../support/app.js';
import { type ProductProcess, startProduct } from '../support/product-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

const admin = { email: 'first@example.com', password: 'Demo@123' };

/** One command, several processes: what `npm start` does where there are more cores. */
describe('npm start with worker processes', { timeout: 60_000 }, () => {
  let dataDir: string;
  let receiver: Receiver;
  let product: ProductProcess;
  let token: string;
  let account: { id: string; app_secret_token: string };

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'data-pusher-workers-'));
    receiver = await startReceiver();
    product = await startProduct('main', { DATA_DIR: dataDir, WORKER_PROCESSES: '2', LEASE_SECONDS: '17' });
    await request('POST', '/user/register', admin);
    token = (await request('POST', '/user/login', admin)).body.access_token;
    account = (await request('POST', '/accounts', { account_name: 'Many cores' })).body;
    await request('PATCH', `/accounts/${account.id}`, { rate_limit_per_second: 1000 });
    await request('POST', `/accounts/${account.id}/destinations`, { url: receiver.url });
  });

  afterEach(async () => {
    await product.end('SIGTERM');
    await receiver.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const request = (method: string, path: string, body?: object) =>
    call(product.url!, method, path, { body, token });

  const send = async (eventId: string): Promise<void> => {
    const headers = { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': eventId };
    expect((await call(product.url!, 'POST', '/server/incoming_data', { body: {}, headers })).status).toBe(
      202,
    );
  };

  const workers = (): number[] =>
    [...product.output().matchAll(/"worker":\d+,"worker_pid":(\d+)/g)].map(([, pid]) => Number(pid));

  it('delivers with the secrets and the rules of the process that started them', async () => {
    expect(product.output()).toContain('API and 2 worker processes');
    await Promise.all(Array.from({ length: 20 }, (_, index) => send(`event-${index}`)));
    await waitFor(() => receiver.requests.length === 20, { timeoutMs: 15_000 });
  });

  it('starts a worker that died again, and delivers meanwhile', async () => {
    await waitFor(() => workers().length === 2);
    for (const pid of workers()) process.kill(pid, 'SIGKILL');
    await send('after-the-kill');
    await waitFor(() => receiver.requests.length === 1, { timeoutMs: 15_000 });
    expect(workers().length).toBeGreaterThanOrEqual(4);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('leaves no worker behind after %s', async (signal) => {
    await waitFor(() => workers().length === 2);
    const code = await product.end(signal);
    expect(code).toBe(signal === 'SIGTERM' ? 0 : 'SIGKILL');
    await waitFor(() => workers().every((pid) => !isAlive(pid)), { timeoutMs: 10_000 });
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
