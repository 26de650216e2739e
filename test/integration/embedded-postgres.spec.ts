import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { type EmbeddedFolder, oneLine, query, useEmbeddedFolder } from '../support/embedded-folder.js';
import { compileInto } from '../support/embedded-program.js';

const isRoot = process.getuid?.() === 0;

// Each test makes or copies clusters of tens of megabytes, which takes long on a busy machine.
const limits = { timeout: 60_000 };

let folder: EmbeddedFolder;
useEmbeddedFolder((made) => {
  folder = made;
});

describe('the embedded PostgreSQL', limits, () => {
  it('is durable, private and set up as the product expects', async () => {
    const postgres = await folder.start({});
    const { host } = postgres.connection;
    expect(host.length).toBeLessThan(90);
    expect(statSync(host).mode & 0o777).toBe(0o700);
    const [row] = await query(
      postgres,
      `SELECT current_setting('fsync') AS fsync, current_setting('listen_addresses') AS listen,
              current_setting('data_checksums') AS checksums, current_setting('server_encoding') AS encoding,
              current_setting('jit') AS jit, datlocprovider AS provider, datlocale AS locale,
              (SELECT rolpassword LIKE 'SCRAM-SHA-256%' FROM pg_authid WHERE rolname = current_user) AS scram
         FROM pg_database WHERE datname = current_database()`,
    );
    expect(row).toEqual({
      fsync: 'on',
      listen: '',
      checksums: 'on',
      encoding: 'UTF8',
      jit: 'off',
      provider: 'b',
      locale: 'C.UTF-8',
      scram: true,
    });
    await expect(
      query({ ...postgres, connection: { ...postgres.connection, password: 'wrong' } }),
    ).rejects.toThrow(/password authentication failed/);
    expect(readdirSync(folder.dataDir).sort()).toEqual(['instance.json', 'postgres', 'postgres.log']);
    expect(postgres.description).not.toContain(postgres.connection.password);
    await postgres.stop();
    expect(existsSync(host)).toBe(false);
    expect(existsSync(join(folder.dataDir, 'instance.json'))).toBe(false);
    expect(folder.processes()).toEqual([]);
  });

  it('keeps rows over a restart', async () => {
    folder.copyTemplate();
    const first = await folder.start();
    await query(first, 'UPDATE kept SET value = 8');
    await first.stop();
    const second = await folder.start();
    expect(await query(second, 'SELECT value FROM kept')).toEqual([{ value: 8 }]);
  });

  it('starts again after the server was killed, and says that it ended', async () => {
    folder.copyTemplate();
    const first = await folder.start();
    const idle = new pg.Client(first.connection);
    idle.on('error', () => undefined);
    await idle.connect();
    process.kill(folder.serverPid(), 'SIGKILL');
    const error = await first.exited;
    expect(error.message).toContain('SIGKILL');
    await first.stop();
    const second = await folder.start();
    expect(await query(second, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await idle.end().catch(() => undefined);
  });

  it('takes over from a Data Pusher that was killed and left its server running', async () => {
    folder.copyTemplate();
    const child = await folder.startInChild(
      compileInto(join(folder.root, 'app'), { dataDir: folder.dataDir }),
    );
    const orphan = folder.serverPid();
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(folder.processes().some(({ pid }) => pid === orphan)).toBe(true);
    const postgres = await folder.start();
    expect(folder.processes().some(({ pid }) => pid === orphan)).toBe(false);
    expect(await query(postgres, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    expect(folder.reports).toContain('stopped a PostgreSQL that an earlier start left running');
  });

  it('refuses a data folder that another live Data Pusher has', async () => {
    folder.copyTemplate();
    const child = await folder.startInChild(
      compileInto(join(folder.root, 'app'), { dataDir: folder.dataDir }),
    );
    await expect(folder.start()).rejects.toThrow(
      oneLine(new RegExp(`in use by another Data Pusher, process ${child.pid}`)),
    );
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
    await folder.start();
  });

  it('lets exactly one of many simultaneous starts win, also over a stale lock', async () => {
    mkdirSync(folder.dataDir);
    writeFileSync(
      join(folder.dataDir, 'instance.json'),
      JSON.stringify({ pid: process.pid, start: 'an earlier boot/1' }),
    );
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => folder.start()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(readdirSync(folder.dataDir).sort()).toEqual(['instance.json', 'postgres', 'postgres.log']);
  });

  it('does not mistake an unrelated process for its server or for another instance', async () => {
    folder.copyTemplate();
    const first = await folder.start();
    const pidFile = readFileSync(join(folder.dataDir, 'postgres', 'postmaster.pid'), 'utf8');
    const { host } = first.connection;
    await first.stop();
    // PostgreSQL itself looks past processes of other users.
    const { uid, gid } = statSync(join(folder.dataDir, 'postgres'));
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore', ...(isRoot ? { uid, gid, cwd: '/' } : {}) });
    const stale = pidFile.replace(/^\d+/, String(bystander.pid));
    writeFileSync(join(folder.dataDir, 'postgres', 'postmaster.pid'), stale);
    writeFileSync(
      join(folder.dataDir, 'instance.json'),
      JSON.stringify({ pid: bystander.pid, start: 'an earlier boot/1' }),
    );
    mkdirSync(host, { mode: 0o700 });
    writeFileSync(join(host, '.s.PGSQL.5432.lock'), stale);
    try {
      const second = await folder.start();
      expect(await query(second, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
      expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    } finally {
      bystander.kill();
    }
  });
});
