import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../support/app.js';
import { type ProductProcess, runProduct, startProduct } from '../support/product-process.js';
import { startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

const admin = { email: 'first@example.com', password: 'Demo@123' };

describe('the embedded start', { timeout: 60_000 }, () => {
  let dataDir: string;
  const running: ProductProcess[] = [];

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'data-pusher-start-'));
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((product) => product.end('SIGTERM')));
    rmSync(dataDir, { recursive: true, force: true });
  });

  const start = async (env: Record<string, string> = {}): Promise<ProductProcess> => {
    const product = await startProduct('main', { DATA_DIR: dataDir, ...env });
    running.push(product);
    return product;
  };

  const signIn = async (product: ProductProcess) =>
    (await call(product.url!, 'POST', '/user/login', { body: admin })).body.access_token;

  it('is ready with one command, keeps its secrets private, and finds its data the next time', async () => {
    const first = await start();
    expect((await call(first.url!, 'GET', '/health/ready')).body).toEqual({
      status: 'ok',
      checks: { database: 'ok', queue: 'ok', deliveries: 'ok' },
      oldest_overdue_seconds: 0,
    });
    expect((await call(first.url!, 'POST', '/user/register', { body: admin })).body.role).toBe('Admin');
    expect(statSync(join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600);
    const token = await signIn(first);
    expect(await first.end('SIGINT')).toBe(0);
    expect(first.output()).toContain('"process.stopped"');

    const second = await start();
    expect((await call(second.url!, 'GET', '/user/profile', { token })).status).toBe(200);
    expect(second.output()).not.toContain('database.migrated');
  });

  it('recovers after kill -9 of itself and delivers what it had acknowledged', async () => {
    const receiver = await startReceiver(() => undefined);
    const first = await start();
    await call(first.url!, 'POST', '/user/register', { body: admin });
    const token = await signIn(first);
    const { body: account } = await call(first.url!, 'POST', '/accounts', {
      token,
      body: { account_name: 'Kill' },
    });
    await call(first.url!, 'POST', `/accounts/${account.id}/destinations`, {
      token,
      body: { url: receiver.url },
    });
    const sent = await call(first.url!, 'POST', '/server/incoming_data', {
      body: { n: 1 },
      headers: { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': 'survivor' },
    });
    expect(sent.status).toBe(202);
    await waitFor(() => receiver.requests.length === 1, { what: 'the attempt that is killed' });
    expect(await first.end('SIGKILL')).toBe('SIGKILL');

    receiver.answer(() => 200);
    const second = await start();
    const log = await waitFor(async () => {
      const { body } = await call(second.url!, 'GET', `/accounts/${account.id}/logs/survivor`, { token });
      return body.deliveries[0].status === 'success' && body;
    });
    expect(log.deliveries[0].attempts).toBe(1);
    expect(receiver.requests.map(({ body }) => body.toString())).toEqual(['{"n":1}', '{"n":1}']);
    await receiver.close();
  });

  it('brings its database back when that is killed, and goes on accepting', async () => {
    const product = await start();
    await call(product.url!, 'POST', '/user/register', { body: admin });
    process.kill(postmasterPid(dataDir), 'SIGKILL');
    await waitFor(async () => (await call(product.url!, 'GET', '/health/ready')).status === 503, {
      what: '503',
    });
    await waitFor(async () => (await call(product.url!, 'GET', '/health/ready')).status === 200, {
      timeoutMs: 20_000,
      what: 'readiness',
    });
    expect(await signIn(product)).toBeTypeOf('string');
  });

  it('says in one line what is wrong and ends with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await waitFor(() => taken.listening);
    const { port } = taken.address() as { port: number };
    const failing = async (env: Record<string, string>, line: RegExp) => {
      const product = runProduct('main', { DATA_DIR: dataDir, LOG_LEVEL: 'silent', ...env });
      expect(await product.exited).toBe(1);
      const lines = product.output().trim().split('\n');
      expect(lines.at(-1)).toMatch(line);
      expect(product.output()).not.toMatch(/^ +at /m);
    };
    await failing({ PORT: String(port) }, new RegExp(`^Port ${port} is taken`));
    await failing({ PORT: 'eighty' }, /^PORT must be a whole number/);
    const file = join(dataDir, 'a-file');
    writeFileSync(file, '');
    await failing({ DATA_DIR: join(file, 'data') }, /a-file/);
    await failing({ DATABASE_URL: 'postgres://127.0.0.1:1/x', ...ownSecrets }, /DATABASE_URL/);
    taken.close();
  });

  it('refuses a second start on the same folder, and a database of a newer version', async () => {
    const first = await start();
    const second = runProduct('main', { DATA_DIR: dataDir });
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(String(first.child.pid));
    await asDatabase(
      dataDir,
      `INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture')`,
    );
    expect(await first.end('SIGTERM')).toBe(0);
    const third = runProduct('main', { DATA_DIR: dataDir });
    expect(await third.exited).toBe(1);
    expect(third.output()).toContain('newer version of Data Pusher');
  });

  it('leaves no process and no lock behind', async () => {
    const product = await start();
    const pid = postmasterPid(dataDir);
    expect(await product.end('SIGTERM')).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(existsSync(join(dataDir, 'instance.json'))).toBe(false);
    expect(readdirSync(dataDir).toSorted()).toContain('secrets.json');
  });
});

const ownSecrets = {
  JWT_SECRET: 'x'.repeat(32),
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
};

function postmasterPid(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

async function asDatabase(dataDir: string, statement: string): Promise<void> {
  const socketFolder = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[4]!;
  const { databasePassword } = JSON.parse(readFileSync(join(dataDir, 'secrets.json'), 'utf8'));
  const client = new pg.Client({
    host: socketFolder,
    user: 'data_pusher',
    password: databasePassword,
    database: 'data_pusher',
  });
  await client.connect();
  await client.query(statement);
  await client.end();
}
