import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTwoAccounts, tokenRows } from '../support/accounts.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, type TestUser, UNKNOWN, addMember, createAccount } from '../support/factories.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let admin: TestUser;
let owner: TestUser;
let member: TestUser;
let otherOwner: TestUser;
let stranger: TestUser;
let account: TestAccount;

beforeAll(async () => {
  app = await createTestApp();
  ({ admin, owner, member, otherOwner, stranger, account } = await createTwoAccounts(app));
});

afterAll(() => app?.close());

describe('DELETE /accounts/{id}', () => {
  const remove = (id: string, token?: string) => app.call('DELETE', `/accounts/${id}`, { token });

  it('hides the account from everybody, ends its tokens and frees its e-mail', async () => {
    const doomed = await createAccount(app, admin, { email: 'doomed@example.com' });
    await addMember(app, admin, doomed, member, 'User');
    const answer = await remove(doomed.id, admin.token);
    expect(answer.status).toBe(204);
    expect(answer.body).toBe('');
    for (const reader of [admin, member])
      for (const path of ['', '/members', '/destinations'])
        expectProblem(
          await app.call('GET', `/accounts/${doomed.id}${path}`, { token: reader.token }),
          404,
          'not_found',
        );
    const { body } = await app.call('GET', '/accounts?limit=200', { token: admin.token });
    expect(body.data.map(({ id }: TestAccount) => id)).not.toContain(doomed.id);
    expect(await tokenRows(app, doomed.id)).toEqual([]);
    await createAccount(app, admin, { email: 'doomed@example.com' });
  });

  it('cancels what was still to deliver, with the reason', async () => {
    const doomed = await createAccount(app, admin);
    await app.dataSource.query(
      `INSERT INTO deliveries (id, event, account_id, destination_id, event_id, due_at)
       VALUES ($1, $1, $2, $1, 'order-1', 'infinity')`,
      ['01920000-0000-7000-8000-00000000dead', doomed.id],
    );
    expect((await remove(doomed.id, admin.token)).status).toBe(204);
    expect(await app.dataSource.query('SELECT 1 FROM deliveries WHERE account_id = $1', [doomed.id])).toEqual(
      [],
    );
    expect(
      await app.dataSource.query('SELECT status, last_error FROM finished_deliveries WHERE account_id = $1', [
        doomed.id,
      ]),
    ).toEqual([{ status: 'cancelled', last_error: 'The account was deleted.' }]);
  });

  it('is 404 the second time, for unknown ids and for ids that are none', async () => {
    const doomed = await createAccount(app, admin);
    const answers = await Promise.all([1, 2, 3].map(() => remove(doomed.id, admin.token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404]);
    for (const id of [doomed.id, UNKNOWN, 'abc', '%00'])
      expectProblem(await remove(id, admin.token), 404, 'not_found');
  });

  it('refuses changes of a deleted account', async () => {
    const doomed = await createAccount(app, admin);
    await remove(doomed.id, admin.token);
    const token = admin.token;
    expectProblem(
      await app.call('PATCH', `/accounts/${doomed.id}`, { token, body: { account_name: 'x' } }),
      404,
      'not_found',
    );
    expectProblem(await app.call('POST', `/accounts/${doomed.id}/rotate-token`, { token }), 404, 'not_found');
    expect(await tokenRows(app, doomed.id)).toEqual([]);
  });

  it('is for Admins', async () => {
    expectProblem(await remove(account.id), 401, 'unauthenticated');
    for (const caller of [owner, member])
      expectProblem(await remove(account.id, caller.token), 403, 'forbidden');
    for (const caller of [stranger, otherOwner])
      expectProblem(await remove(account.id, caller.token), 404, 'not_found');
    expect((await app.call('GET', `/accounts/${account.id}`, { token: member.token })).status).toBe(200);
  });
});
