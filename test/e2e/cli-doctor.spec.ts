import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApp } from '../support/app.js';
import { databaseEnv, runCli } from '../support/cli.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { ownRedisAvailable, startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

/** "level  what" of every line that is a finding, and what stands below it. */
function findingsIn(stdout: string): Record<string, string> {
  return Object.fromEntries(
    [...stdout.matchAll(/^(ok|warn|fail) +([^:]+): (.*(?:\n {6}.*)?)$/gm)].map(([, level, what, says]) => [
      what,
      `${level} ${says}`,
    ]),
  );
}

describe('cli doctor', { timeout: 60_000 }, () => {
  let database: TestDatabase;
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await createTestDatabase();
    env = { ...databaseEnv(database.connection), PORT: '0' };
  });

  afterAll(() => database?.drop());

  const examine = async (settings: Record<string, string>) => {
    const { code, stdout } = await runCli(['doctor'], { env: settings });
    return { code, findings: findingsIn(stdout), stdout };
  };

  const alter = async (statement: string) => {
    const client = new pg.Client(database.connection);
    await client.connect();
    await client.query(statement);
    await client.end();
  };

  it('finds fault with a database that does not keep what it acknowledged, and with nothing else', async () => {
    // The database of the tests runs without fsync, for speed.
    const { code, findings } = await examine(env);
    expect(code).toBe(1);
    expect(findings).toMatchObject({
      settings: expect.stringMatching(/^ok /),
      database: expect.stringMatching(/^ok PostgreSQL 18/),
      durability: expect.stringMatching(/^fail fsync off, .*\n +Switch them on/),
      'clock of the database': expect.stringMatching(/^ok /),
      migrations: expect.stringMatching(/^ok \d+ done, 0 pending/),
      queue: 'ok on PostgreSQL',
      egress: 'ok public addresses only',
    });
    expect(Object.values(findings).filter((says) => says.startsWith('fail'))).toHaveLength(1);
  });

  it('tells a database of a newer version, and one that is away', async () => {
    await alter("INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture')");
    expect((await examine(env)).findings.migrations).toMatch(/^fail a newer version ran FromTheFuture/);
    await alter("DELETE FROM migrations WHERE name = 'FromTheFuture'");
    const away = { ...env, DATABASE_URL: 'postgres://user:hidden@127.0.0.1:1/x' };
    const { code, findings, stdout } = await examine(away);
    expect(code).toBe(1);
    expect(findings.database).toMatch(/^fail .*ECONNREFUSED/);
    expect(stdout).not.toContain('hidden');
  });

  it('names every setting that is wrong', async () => {
    const { code, stdout } = await examine({ ...env, PORT: 'eighty', LEASE_SECONDS: '1' });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail {2}settings: PORT must be a whole number/m);
    expect(stdout).toMatch(/^fail {2}settings: LEASE_SECONDS must be/m);
  });

  it('tells a port that somebody else has', async () => {
    const other = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await waitFor(() => other.listening);
    const { port } = other.address() as { port: number };
    const taken = await examine({ ...env, PORT: String(port), HOST: '127.0.0.1' });
    expect(taken.findings[`port ${port}`]).toMatch(/^fail taken by another program\n/);
    other.close();
  });

  it('knows a running Data Pusher by its answer', async () => {
    const app = await createTestApp({}, 'api');
    const { port } = new URL(app.url);
    const { findings } = await examine({ ...env, PORT: port, HOST: '127.0.0.1' });
    expect(findings[`port ${port}`]).toBe('ok a Data Pusher answers there');
    await app.close();
  });

  it.runIf(ownRedisAvailable())('looks at Redis, its clock and what it does when it is full', async () => {
    const redis = await startRedis();
    const { findings } = await examine({ ...env, REDIS_URL: redis.url });
    expect(findings.queue).toMatch(/^ok Redis \d.*, noeviction/);
    expect(findings['clock of Redis']).toMatch(/^ok /);
    await redis.stop();
    expect((await examine({ ...env, REDIS_URL: redis.url })).findings.queue).toMatch(/^fail Redis does not/);
  });

  it('makes no database where there is none', async () => {
    const dataDir = join(mkdtempSync(join(tmpdir(), 'data-pusher-doctor-')), 'data');
    const { code, findings } = await examine({ DATA_DIR: dataDir, PORT: '0' });
    expect(code).toBe(0);
    expect(findings.database).toMatch(/^warn there is none in .*\n +The first npm start/);
    expect(() => rmSync(dataDir, { recursive: true })).toThrow('ENOENT');
    rmSync(join(dataDir, '..'), { recursive: true });
  });
});
