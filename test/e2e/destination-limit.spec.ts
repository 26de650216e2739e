import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { atOnce } from '../support/at-once.js';
import { type TestAccount, type TestUser, createAccount, registerAdmin } from '../support/factories.js';

const LIMIT = 3;
const URL = 'https://webhook.example/a';

describe('the destinations of an account', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;

  beforeAll(async () => {
    app = await createTestApp({ MAX_DESTINATIONS_PER_ACCOUNT: String(LIMIT) });
    admin = await registerAdmin(app);
  });
  beforeEach(async () => {
    account = await createAccount(app, admin);
  });
  afterAll(() => app.close());

  const path = () => `/accounts/${account.id}/destinations`;
  const create = () => app.call('POST', path(), { token: admin.token, body: { url: URL } });
  const createFlat = () =>
    app.call('POST', '/destinations', { token: admin.token, body: { account_id: account.id, url: URL } });
  const list = async (): Promise<{ id: string }[]> =>
    (await app.call('GET', path(), { token: admin.token })).body.data;
  const expectFull = (answer: TestAnswer, limit: number) => {
    expect(answer).toMatchObject({ status: 409, body: { code: 'too_many_destinations' } });
    expect(answer.body.detail).toContain(`may have ${limit} destinations`);
  };

  it('are as many as the limit says; deleting one makes room', async () => {
    for (let n = 0; n < LIMIT; n++) expect((await create()).status).toBe(201);
    expectFull(await create(), LIMIT);
    expectFull(await createFlat(), LIMIT);
    const [first] = await list();
    await app.call('DELETE', `${path()}/${first!.id}`, { token: admin.token });
    expect((await createFlat()).status).toBe(201);
    expectFull(await create(), LIMIT);
    expect(await list()).toHaveLength(LIMIT);
  });

  it('are no more when many are created at once', async () => {
    await create();
    const requests = Array.from({ length: 6 }, () => create);
    const answers = await atOnce(app, { table: 'accounts', ids: [account.id] }, requests);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 409, 409, 409, 409]);
    expect(await list()).toHaveLength(LIMIT);
  });

  it('stay when the limit is lowered, and go on being changed', async () => {
    const { body } = await create();
    await create();
    app.config.env.MAX_DESTINATIONS_PER_ACCOUNT = 1;
    try {
      expectFull(await create(), 1);
      const patch = { token: admin.token, body: { description: 'kept' } };
      expect((await app.call('PATCH', `${path()}/${body.id}`, patch)).status).toBe(200);
      expect(await list()).toHaveLength(2);
    } finally {
      app.config.env.MAX_DESTINATIONS_PER_ACCOUNT = LIMIT;
    }
  });

  it('are not added to an account that is deleted meanwhile', async () => {
    const [answer] = await atOnce(app, { table: 'accounts', ids: [account.id] }, [create], {
      statement: 'UPDATE accounts SET deleted_at = now() WHERE id = $1',
      parameters: [account.id],
    });
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});
