import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../faults/harness/database-proxy.js';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, createAccount, registerAdmin } from '../support/factories.js';
import { waitFor } from '../support/wait-for.js';

const NOTHING_STORED = 'Nothing was stored; send the request again.';

describe('a management call that the database does not finish', () => {
  const proxy = new DatabaseProxy();
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;

  beforeAll(async () => {
    app = await createTestApp({}, 'api', (connection) => proxy.start(connection));
    admin = await registerAdmin(app);
    account = await createAccount(app, admin, { account_name: 'before' });
  });
  afterAll(async () => {
    proxy.toLose = 0;
    await app.close();
    proxy.stop();
  });

  const rename = (name: string) =>
    app.call('PATCH', `/accounts/${account.id}`, { token: admin.token, body: { account_name: name } });
  const nameOf = async (): Promise<string> =>
    (await app.call('GET', `/accounts/${account.id}`, { token: admin.token })).body.account_name;
  const expectUnavailable = (answer: TestAnswer, detail: string) => {
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable', detail } });
    expect(answer.headers.get('retry-after')).toBe('1');
  };

  it('in time says that it took too long and that nothing was stored', async () => {
    const locker = app.dataSource.createQueryRunner();
    await locker.startTransaction();
    await locker.query('SELECT FROM accounts WHERE id = $1 FOR UPDATE', [account.id]);
    const answer = rename('too long');
    // What statement_timeout does after 15 s.
    await waitFor(async () => {
      const rows: unknown[] = await app.dataSource.query(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    expectUnavailable(await answer, `The database took too long and broke this off. ${NOTHING_STORED}`);
    await locker.rollbackTransaction();
    await locker.release();
    expect(await nameOf()).toBe('before');
  });

  it('for all that is heard of it says that nobody knows: it may be done', async () => {
    proxy.marker = 'COMMIT';
    proxy.toLose = 1;
    expectUnavailable(
      await rename('after'),
      'The database has not answered. Nobody knows whether this was stored; look before you send it again.',
    );
    expect(proxy.lost).toBe(1);
    expect(await nameOf()).toBe('after');
  });

  it('but only asked to read says that nothing was stored', async () => {
    proxy.marker = 'token_version';
    proxy.toLose = 1;
    const answer = await app.call('GET', `/accounts/${account.id}`, { token: admin.token });
    proxy.toLose = 0;
    expectUnavailable(answer, `The database has not answered. ${NOTHING_STORED}`);
  });

  it('because it is away says that it cannot be reached', async () => {
    proxy.stop();
    // Connections that were open tell of it first.
    await waitFor(
      async () =>
        (await rename('never')).body.detail === `The database cannot be reached right now. ${NOTHING_STORED}`,
    );
  });
});
