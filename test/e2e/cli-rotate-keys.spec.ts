import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SealedBox, parseEncryptionKeys } from '../../src/common/crypto/sealed-box.js';
import { type TestApp, call, createTestApp, testSecrets } from '../support/app.js';
import { databaseEnv, runCli } from '../support/cli.js';
import { type TestAccount, type TestUser, createAccount, registerAdmin } from '../support/factories.js';
import { startProduct } from '../support/product-process.js';

const OLD = testSecrets.encryptionKeys;
const NEW = `k2:${Buffer.alloc(32, 9).toString('base64')}`;
const oldBox = new SealedBox(parseEncryptionKeys(OLD));
const newBox = new SealedBox(parseEncryptionKeys(NEW));
/** More than one batch. */
const DESTINATIONS = 250;

interface SealedDestination {
  id: string;
  version: number;
  headers_sealed: string;
  signing_secret_sealed: string;
  previous_secret_sealed: string | null;
}

describe('cli rotate-keys', { timeout: 60_000 }, () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let env: Record<string, string>;

  beforeEach(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
    account = await createAccount(app, admin);
    env = databaseEnv(app.config.database);
  });

  afterEach(() => app.close());

  /** As they stand in the database, each with something of its own in it. */
  const addDestinations = async (count: number, box: SealedBox) => {
    const ids = Array.from({ length: count }, () => uuidv7());
    await app.dataSource.query(
      `INSERT INTO destinations (id, account_id, url, headers_sealed, signing_secret_sealed, previous_secret_sealed)
       SELECT id, $2, 'http://127.0.0.1:9/', h, s, p FROM unnest($1::uuid[], $3::text[], $4::text[], $5::text[]) v (id, h, s, p)`,
      [
        ids,
        account.id,
        ids.map((id) => box.seal(JSON.stringify({ 'X-Id': id }), id)),
        ids.map((id) => box.seal(`current-${id}`, id)),
        ids.map((id, index) => (index % 2 ? box.seal(`previous-${id}`, id) : null)),
      ],
    );
    return ids;
  };

  const destinations = (): Promise<SealedDestination[]> =>
    app.dataSource.query('SELECT * FROM destinations ORDER BY id');

  const rotate = (keys: string, ...flags: string[]) =>
    runCli(['rotate-keys', ...flags], { env: { ...env, ENCRYPTION_KEYS: keys } });

  it('puts everything under the first key, and only what was under another', async () => {
    await addDestinations(DESTINATIONS, oldBox);
    const done = new Map((await addDestinations(3, newBox)).map((id) => [id, true]));
    const before = await destinations();
    const dry = await rotate(`${NEW},${OLD}`, '--dry-run');
    expect(dry).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('account_tokens: 1 value under "k1"'),
    });
    expect(await destinations()).toEqual(before);

    const { code, stdout } = await rotate(`${NEW},${OLD}`);
    expect({ code, last: stdout.trim().split('\n').at(-1) }).toEqual({
      code: 0,
      last: 'Everything is under "k2".',
    });
    const after = await destinations();
    for (const [index, row] of after.entries()) {
      const { id, version } = row;
      expect(version).toBe(before[index]!.version);
      expect(newBox.open(row.headers_sealed, id)).toBe(JSON.stringify({ 'X-Id': id }));
      expect(newBox.open(row.signing_secret_sealed, id)).toBe(`current-${id}`);
      const previous = row.previous_secret_sealed;
      if (previous !== null) expect(newBox.open(previous, id)).toBe(`previous-${id}`);
      // A run that was cut off goes on where it was.
      if (done.has(id)) expect(row).toEqual(before[index]);
    }
    const [told] = await app.dataSource.query('SELECT * FROM audit_log ORDER BY seq DESC LIMIT 1');
    expect(told).toMatchObject({
      action: 'rotateKeys',
      via: 'cli',
      actor_id: null,
      changes: { sealed_with: [['k1', 'k2'], ['k2']] },
    });
    const [token] = await app.dataSource.query('SELECT id, token_sealed FROM account_tokens');
    expect(newBox.open(token.token_sealed, token.id)).toBe(account.app_secret_token);
  });

  it('leaves what it cannot open as it is, names it, and goes on with the rest', async () => {
    const stray = new SealedBox(parseEncryptionKeys(`lost:${Buffer.alloc(32, 3).toString('base64')}`));
    const [lost] = await addDestinations(1, stray);
    await addDestinations(1, oldBox);
    const { code, stdout, stderr } = await rotate(`${NEW},${OLD}`);
    expect(code).toBe(1);
    expect(stdout).toContain('destinations: 2 values under "lost"');
    expect(stderr).toContain(`destinations ${lost} headers_sealed: no encryption key "lost" is configured`);
    const rows = await destinations();
    expect(rows.map(({ headers_sealed: sealed }) => sealed.split('.')[0])).toEqual(['lost', 'k2']);
  });

  it('works while a product that knows both keys answers, before, meanwhile and after', async () => {
    await addDestinations(DESTINATIONS, oldBox);
    const both = { ...env, ENCRYPTION_KEYS: `${NEW},${OLD}`, HOST: '127.0.0.1', LOG_LEVEL: 'silent' };
    const product = await startProduct('main', both, ['api']);
    const rotated = new AbortController();
    let answers = 0;
    const reading = (async () => {
      const path = `/accounts/${account.id}/destinations?limit=200`;
      for (; !rotated.signal.aborted; answers++) {
        const { status, body } = await call(product.url!, 'GET', path, { token: admin.token });
        expect(status).toBe(200);
        for (const { id, headers } of body.data) expect(headers).toEqual({ 'X-Id': id });
      }
    })();
    expect(await rotate(`${NEW},${OLD}`)).toMatchObject({ code: 0 });
    rotated.abort();
    await reading;
    expect(answers).toBeGreaterThan(0);
    expect(await product.end('SIGTERM')).toBe(0);
  });
});
