import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import type { AppRole } from '../../src/app.module.js';
import { createApp } from '../../src/app.setup.js';
import { AppConfig, type DatabaseConnection } from '../../src/config/app-config.js';
import { readEnv } from '../../src/config/env.js';
import { expectNoSecrets, noteSecrets } from './canaries.js';
import { createTestDatabase } from './database.js';

export interface TestAnswer {
  status: number;
  // Answers are read as any JSON on purpose: the tests own their expectations, not our types.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
  headers: Headers;
}

export interface CallOptions {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Sent as they are instead of `body`. */
  raw?: string | Buffer;
}

export interface TestApp {
  url: string;
  app: NestFastifyApplication;
  config: AppConfig;
  dataSource: DataSource;
  /** What the app has logged, down to debug. */
  log(): string;
  call(method: string, path: string, options?: CallOptions): Promise<TestAnswer>;
  close(): Promise<void>;
}

export const testSecrets = {
  jwtSecret: 'test-secret-that-is-long-enough-for-hs256',
  encryptionKeys: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
  databasePassword: '',
};

export const testEnv: Record<string, string> = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'silent',
  EGRESS_ALLOW: 'loopback',
  RETRY_SCHEDULE: '0s,100ms,200ms,400ms',
  DELIVERY_TIMEOUT_MS: '1000',
  // Everybody comes from one address here.
  REGISTRATIONS_PER_HOUR: '1000000',
};

type Way = (connection: DatabaseConnection) => Promise<DatabaseConnection>;

/**
 * The real application on a free port and a database of its own. Closing it fails where it has logged a secret.
 * @param way to the database, where the test stands between.
 */
export async function createTestApp(
  env: Record<string, string> = {},
  role: AppRole = 'all',
  way: Way = async (connection) => connection,
): Promise<TestApp> {
  const database = await createTestDatabase();
  const lines: string[] = [];
  const config = new AppConfig(
    readEnv({ ...testEnv, LOG_LEVEL: 'debug', ...env }),
    testSecrets,
    await way(database.connection),
    '0.0.0-test',
    { write: (line) => void lines.push(line) },
  );
  const app = await createApp(config, role);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    app,
    config,
    dataSource: app.get(DataSource),
    log: () => lines.join(''),
    call: (method, path, options) => call(url, method, path, options),
    close: async () => {
      await app.close();
      await database.drop();
      expectNoSecrets(lines.join(''));
    },
  };
}

/** One request; `path` may leave `/api` out. */
export async function call(
  base: string,
  method: string,
  path: string,
  { token, body, headers, raw }: CallOptions = {},
): Promise<TestAnswer> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(base + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
    body: payload as never,
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  const answered = isJson && text ? JSON.parse(text) : text;
  noteSecrets(body);
  noteSecrets(answered);
  return { status: response.status, body: answered, headers: response.headers };
}
