import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { verifyAudit } from '../support/audit.js';
import { createAccount, registerAdmin } from '../support/factories.js';

describe('cli audit verify', { timeout: 120_000 }, () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    const admin = await registerAdmin(app);
    for (let made = 0; made < 5; made++) await createAccount(app, admin);
  });

  afterAll(() => app?.close());

  const verify = (...flags: string[]) => verifyAudit(app, ...flags);
  /** What somebody who owns the database can do. */
  const tamper = async (statement: string) => {
    await app.dataSource.query('ALTER TABLE audit_log DISABLE TRIGGER USER');
    await app.dataSource.query(statement);
    await app.dataSource.query('ALTER TABLE audit_log ENABLE TRIGGER USER');
  };

  it('finds the chain whole and gives the hash to keep', async () => {
    const [{ hash }] = await app.dataSource.query('SELECT hash FROM audit_log WHERE seq = 6');
    const { code, stdout } = await verify();
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `6 rows, the last one has the hash ${hash}\nThe chain is whole.\n`,
    });
    expect((await verify('--expect', hash)).code).toBe(0);
    expect((await verify('--expect', 'abc')).code).toBe(2);
  });

  it('shows that rows were taken off the end to whoever kept the hash', async () => {
    const [{ hash }] = await app.dataSource.query('SELECT hash FROM audit_log WHERE seq = 6');
    await tamper('DELETE FROM audit_log WHERE seq = 6');
    expect((await verify()).code).toBe(0);
    expect(await verify('--expect', hash)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`no row has the hash ${hash}`),
    });
  });

  it('says which row was changed and which were removed', async () => {
    await tamper("UPDATE audit_log SET actor_email = 'eve@example.com' WHERE seq = 4");
    await tamper('DELETE FROM audit_log WHERE seq = 2');
    const { code, stderr } = await verify();
    expect(code).toBe(1);
    expect(stderr).toBe('row 2 was removed\nrow 4 was changed: its hash is not that of its content\n');
  });
});
