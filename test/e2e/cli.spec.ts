import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { typeormOptions } from '../../src/database/database.options.js';
import { loadMigrations } from '../../src/database/migrate.js';
import { type TestApp, call, createTestApp } from '../support/app.js';
import { databaseEnv, runCli, runCliOnTerminal } from '../support/cli.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';
import { registerUser } from '../support/factories.js';
import { startProduct } from '../support/product-process.js';

const PASSWORD = 'Demo@123-long';

describe('the command line', { timeout: 60_000 }, () => {
  it('shows what there is, and of each command what it takes', async () => {
    const all = await runCli(['--help']);
    expect(all.code).toBe(0);
    for (const command of ['create-admin', 'migrate', 'rotate-keys', 'audit', 'openapi', 'doctor']) {
      expect(all.stdout).toContain(`\n  ${command} `);
      const one = await runCli(['help', command]);
      expect(one).toMatchObject({ code: 0, stderr: '' });
      expect(one.stdout).toMatch(new RegExp(`^Usage: npm run cli -- ${command} `));
    }
  });

  it.each([
    [[], 'Usage:'],
    [['unknown'], "unknown command 'unknown'"],
    [['create-admin'], "missing required argument 'email'"],
    [['create-admin', 'nobody'], 'must be an e-mail address'],
    [['create-admin', 'ann@example.com', PASSWORD], 'too many arguments'],
    [['migrate', '--backwards'], "unknown option '--backwards'"],
    [['openapi', '--format', 'xml'], 'Allowed choices are json, yaml'],
  ])('ends %j with 2 and says why', async (args, reason) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(reason);
  });

  it('names every wrong setting and ends with 1', async () => {
    const { code, stderr } = await runCli(['migrate'], { env: { PORT: 'eighty', LOG_LEVEL: 'loud' } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Wrong settings:\nPORT must .*\nLOG_LEVEL must .*\n$/);
  });

  it('ends with 1 and one line when the database is away', async () => {
    const env = {
      ...databaseEnv({ host: '127.0.0.1', port: 1, user: 'x', password: 'secret', database: 'x' }),
    };
    const { code, stderr } = await runCli(['migrate'], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^.*ECONNREFUSED.*Check DATABASE_URL.*\n$/);
    expect(stderr).not.toContain('secret');
  });
});

describe('cli openapi', { timeout: 60_000 }, () => {
  let app: TestApp;
  const folder = mkdtempSync(join(tmpdir(), 'data-pusher-openapi-'));

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
  });

  afterAll(async () => {
    await app?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const served = async () => {
    const { body } = await app.call('GET', '/openapi.json');
    return { ...body, info: { ...body.info, version: expect.any(String) } };
  };

  it('prints what the API serves, without a database and with settings that are wrong', async () => {
    const { code, stdout, stderr } = await runCli(['openapi'], { env: { DATABASE_URL: 'none', PORT: 'x' } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(await served());
  });

  it('writes YAML into a file', async () => {
    const file = join(folder, 'openapi.yaml');
    const { code, stdout } = await runCli(['openapi', '--format', 'yaml', '--out', file]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const yaml = await app.call('GET', '/openapi.yaml');
    const unversioned = (text: string) => text.replace(/^ {2}version: .*$/m, '');
    expect(unversioned(readFileSync(file, 'utf8'))).toBe(unversioned(yaml.body));
  });

  it('says in one line that a file cannot be written', async () => {
    const { code, stderr } = await runCli(['openapi', '--out', join(folder, 'none', 'openapi.json')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Cannot write to .*ENOENT.*\n$/);
  });
});

describe('cli migrate', { timeout: 60_000 }, () => {
  let database: TestDatabase;
  let last: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    const migrations = await loadMigrations();
    last = migrations.at(-1)!.name;
    const dataSource = await new DataSource({
      ...typeormOptions(database.connection),
      migrations,
    }).initialize();
    await dataSource.undoLastMigration();
    await dataSource.destroy();
  });

  afterEach(() => database.drop());

  it('shows what would run, runs it, and finds nothing to do then', async () => {
    const env = databaseEnv(database.connection);
    for (const flag of ['--dry-run', '--status'])
      expect(await runCli(['migrate', flag], { env })).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(new RegExp(`^pending  ${last}\n\\d+ done, 1 pending\\.$`, 'm')),
      });
    expect(await runCli(['migrate'], { env })).toMatchObject({
      code: 0,
      stdout: `ran ${last}\n1 migration ran.\n`,
    });
    expect((await runCli(['migrate'], { env })).stdout).toBe('The schema is up to date.\n');
  });
});

describe('cli create-admin', { timeout: 60_000 }, () => {
  let app: TestApp;
  let env: Record<string, string>;

  beforeAll(async () => {
    app = await createTestApp({ REGISTRATION: 'closed' }, 'api');
    env = databaseEnv(app.config.database);
  });

  afterAll(() => app?.close());

  const createAdmin = (email: string, stdin: string, ...flags: string[]) =>
    runCli(['create-admin', email, ...flags], { env, stdin });
  const signIn = (email: string, password = PASSWORD) =>
    app.call('POST', '/user/login', { body: { email, password } });

  it('makes an Admin with the password on stdin, made by nobody', async () => {
    const made = await createAdmin('Ops@Example.com', `${PASSWORD}\nnot the password\n`);
    expect(made).toEqual({ code: 0, stdout: 'ops@example.com is Admin now.\n', stderr: '' });
    const { status, body } = await signIn('ops@example.com');
    expect(status).toBe(200);
    expect(body.user).toMatchObject({ role: 'Admin', created_by: null, updated_by: null });
    const [told] = await app.dataSource.query('SELECT * FROM audit_log');
    expect(told).toMatchObject({ action: 'createAdmin', via: 'cli', target_id: body.user.id });
  });

  it.each([
    ['', 'There is no password on stdin.'],
    ['short\n', 'must have 8 to 128 characters'],
    ['Password123\n', 'one of the most common passwords'],
    ['weak@example.com\n', 'must not be the e-mail address'],
  ])('refuses the password %j as a registration does', async (password, reason) => {
    const { code, stderr } = await createAdmin('weak@example.com', password);
    expect(code).toBe(1);
    expect(stderr).toContain(reason);
    expect((await signIn('weak@example.com', password.trim() || 'x')).status).toBe(401);
  });

  it('leaves a user who has the e-mail alone, and makes it Admin only when told to', async () => {
    const open = await createTestApp({}, 'api');
    await registerUser(open);
    const user = await registerUser(open);
    const asked = { env: databaseEnv(open.config.database) };
    const role = async () => (await open.call('GET', '/user/profile', { token: user.token })).body.role;
    const taken = await runCli(['create-admin', user.email], { ...asked, stdin: `${PASSWORD}-new\n` });
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('Add --promote') });
    expect(await role()).toBe('User');

    const promoted = await runCli(['create-admin', user.email, '--promote'], asked);
    expect(promoted).toMatchObject({ code: 0, stdout: `${user.email} is Admin now.\n` });
    expect(await role()).toBe('Admin');
    const again = await runCli(['create-admin', user.email, '--promote'], asked);
    expect(again).toMatchObject({ code: 0, stdout: `${user.email} is Admin now.\n` });
    const unknown = await runCli(['create-admin', 'nobody@example.com', '--promote'], asked);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no user') });
    await open.close();
  });

  it('asks on a terminal, twice, and shows nothing of the password', async () => {
    const type = (email: string, first: string, second: string) =>
      runCliOnTerminal(
        ['create-admin', email],
        [
          ['Password: ', first],
          ['Once more: ', second],
        ],
        env,
      );
    const done = await type('tty@example.com', PASSWORD, PASSWORD);
    expect(done.code).toBe(0);
    expect(done.stdout).toMatch(/Password: \r?\n.*Once more: /s);
    expect(done.stdout).toContain('tty@example.com is Admin now.');
    expect(done.stdout).not.toContain(PASSWORD);
    expect((await signIn('tty@example.com')).status).toBe(200);
    expect(await type('typo@example.com', PASSWORD, `${PASSWORD}x`)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('The two passwords differ.'),
    });
  });
});

describe('the command line and the embedded database', { timeout: 120_000 }, () => {
  let dataDir: string;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'data-pusher-cli-'));
  });

  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const onFolder = (args: string[], stdin = '') =>
    runCli(args, { env: { DATA_DIR: dataDir, PORT: '0' }, stdin });
  const nothingRuns = () =>
    !existsSync(join(dataDir, 'instance.json')) && !existsSync(join(dataDir, 'postgres', 'postmaster.pid'));

  it('works while nothing runs, stops what it started, and beside a running product', async () => {
    expect(await onFolder(['create-admin', 'first@example.com'], `${PASSWORD}\n`)).toMatchObject({
      code: 0,
      stdout: 'first@example.com is Admin now.\n',
    });
    expect(nothingRuns()).toBe(true);

    const product = await startProduct('main', { DATA_DIR: dataDir, TMPDIR: tmpdir() });
    const login = (email: string) =>
      call(product.url!, 'POST', '/user/login', { body: { email, password: PASSWORD } });
    expect((await login('first@example.com')).status).toBe(200);
    // Another temporary folder than the product's: the socket is found all the same.
    const elsewhere = mkdtempSync(join(tmpdir(), 'data-pusher-tmp-'));
    const env = { DATA_DIR: dataDir, PORT: '0', TMPDIR: elsewhere };
    expect(
      await runCli(['create-admin', 'second@example.com'], { env, stdin: `${PASSWORD}\n` }),
    ).toMatchObject({ code: 0, stderr: '' });
    rmSync(elsewhere, { recursive: true });
    expect((await login('second@example.com')).body.user.role).toBe('Admin');
    expect((await onFolder(['migrate', '--status'])).stdout).toMatch(/\d+ done, 0 pending\.\n$/);
    expect(await product.end('SIGTERM')).toBe(0);
    expect(nothingRuns()).toBe(true);
  });

  it('waits for a product that is starting at this moment', async () => {
    const [product, created] = await Promise.all([
      startProduct('main', { DATA_DIR: dataDir, LOG_LEVEL: 'silent' }).catch((error: Error) => error),
      onFolder(['migrate', '--status']),
    ]);
    expect(created).toMatchObject({ code: 0 });
    // Whoever came first has the folder; a start that finds the command there says so in one line.
    if (product instanceof Error) expect(product.message).toContain('in use by another Data Pusher');
    else expect(await product.end('SIGTERM')).toBe(0);
    expect(nothingRuns()).toBe(true);
  });

  it('is explained by one line where the data folder cannot be', async () => {
    const file = join(dataDir, 'a-file');
    writeFileSync(file, '');
    const { code, stderr } = await runCli(['migrate'], { env: { DATA_DIR: join(file, 'data') } });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
