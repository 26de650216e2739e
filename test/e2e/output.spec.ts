import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, testEnv, testSecrets } from '../support/app.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { startProduct } from '../support/product-process.js';
import { waitFor } from '../support/wait-for.js';

const MAIN = fileURLToPath(new URL('../../dist/bundle/app/main.js', import.meta.url));

describe('what a process prints', { timeout: 60_000 }, () => {
  let database: TestDatabase;
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await createTestDatabase();
    const { user, password, host, port, database: name } = database.connection;
    env = {
      ...testEnv,
      LOG_LEVEL: 'debug',
      HOST: '127.0.0.1',
      DATABASE_URL: `postgresql://${user}:${password}@${encodeURIComponent(host!)}:${port}/${name}`,
      JWT_SECRET: testSecrets.jwtSecret,
      ENCRYPTION_KEYS: testSecrets.encryptionKeys,
    };
  });

  afterAll(() => database.drop());

  it('says that a database without fsync is not durable', async () => {
    const product = await startProduct('main', env, ['api']);
    expect(product.output()).toContain('database.not_durable');
    expect(await product.end('SIGTERM')).toBe(0);
  });

  it.runIf(existsSync('/dev/full'))('does not matter where it cannot be written', async () => {
    const port = await freePort();
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [MAIN, 'api'], {
      env: { PATH: process.env.PATH, ...env, PORT: String(port) },
      stdio: ['ignore', full, full],
    });
    closeSync(full);
    const ready = () =>
      call(`http://127.0.0.1:${port}`, 'GET', '/health/ready').then(
        ({ status }) => status === 200,
        () => false,
      );
    await waitFor(ready, { timeoutMs: 30_000, what: 'the product' });
    expect(await ready()).toBe(true);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
