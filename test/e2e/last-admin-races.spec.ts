import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { atOnce } from '../support/at-once.js';
import { type TestAccount, type TestUser, createAccount, registerUser } from '../support/factories.js';

const TRIALS = 100;

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp({}, 'api');
});
afterAll(() => app?.close());

/** Two users of this role with the password of `like`. */
async function insertTwo(like: TestUser, role: 'Admin' | 'User'): Promise<{ id: string; email: string }[]> {
  const pair = ['a', 'b'].map((letter) => ({ id: uuidv7(), email: `${letter}-${uuidv7()}@example.com` }));
  for (const { id, email } of pair)
    await app.dataSource.query(
      `INSERT INTO users (id, email, password_hash, role) SELECT $1, $2, password_hash, $3 FROM users WHERE id = $4`,
      [id, email, role, like.user.id],
    );
  return pair;
}

const expectOneRefusal = (answers: TestAnswer[], trial: string) => {
  expect({
    trial,
    refused: answers.filter(({ status }) => status >= 300).map(({ body }) => body.code),
  }).toEqual({
    trial,
    refused: ['last_admin'],
  });
};

describe('of the last two Admins', () => {
  const changes: Record<string, (id: string, token: string) => Promise<TestAnswer>> = {
    demoted: (id, token) => app.call('PATCH', `/user/users/${id}`, { token, body: { role: 'User' } }),
    disabled: (id, token) => app.call('PATCH', `/user/users/${id}`, { token, body: { disabled: true } }),
    deleted: (id, token) => app.call('DELETE', `/user/users/${id}`, { token }),
  };
  const names = Object.keys(changes);

  it(`one stays, ${TRIALS} times, whatever happens to both at once, by the other's hand or by its own`, async () => {
    const like = await registerUser(app);
    for (let trial = 0; trial < TRIALS; trial++) {
      await app.dataSource.query(`UPDATE users SET role = 'User'`);
      const pair = await insertTwo(like, 'Admin');
      const tokens = await Promise.all(pair.map(({ email }) => signIn(email, like.password)));
      const [first, second] = [names[trial % 3]!, names[Math.floor(trial / 3) % 3]!];
      const [mine, other] = trial % 2 === 0 ? [0, 1] : [1, 0];
      const answers = await atOnce(app, { table: 'users', ids: pair.map(({ id }) => id) }, [
        () => changes[first]!(pair[0]!.id, tokens[mine]!),
        () => changes[second]!(pair[1]!.id, tokens[other]!),
      ]);
      expectOneRefusal(answers, `${trial}: ${first} and ${second}`);
      const left = await app.dataSource.query(
        `SELECT 1 FROM users WHERE role = 'Admin' AND disabled_at IS NULL`,
      );
      expect(left).toHaveLength(1);
    }
  }, 180_000);

  async function signIn(email: string, password: string): Promise<string> {
    const { body } = await app.call('POST', '/user/login', { body: { email, password } });
    return body.access_token;
  }
});

describe('of the last two Admins of an account', () => {
  let admin: TestUser;
  let account: TestAccount;
  beforeAll(async () => {
    admin = await registerUser(app);
    await app.dataSource.query(`UPDATE users SET role = 'Admin' WHERE id = $1`, [admin.user.id]);
    account = await createAccount(app, admin);
  });

  const changes: Record<string, (userId: string, memberPath: string) => Promise<TestAnswer>> = {
    demoted: (_, path) => app.call('PUT', path, { token: admin.token, body: { role_name: 'User' } }),
    removed: (_, path) => app.call('DELETE', path, { token: admin.token }),
    deleted: (id) => app.call('DELETE', `/user/users/${id}`, { token: admin.token }),
  };
  const names = Object.keys(changes);

  it(`one stays, ${TRIALS} times, whether demoted, removed or deleted as users`, async () => {
    for (let trial = 0; trial < TRIALS; trial++) {
      const pair = await insertTwo(admin, 'User');
      await app.dataSource.query('DELETE FROM members WHERE account_id = $1', [account.id]);
      await app.dataSource.query(
        `INSERT INTO members (id, account_id, user_id, email, role_name)
         SELECT id, $1, id, email, 'Admin' FROM users WHERE id = ANY($2)`,
        [account.id, pair.map(({ id }) => id)],
      );
      const [first, second] = [names[trial % 3]!, names[Math.floor(trial / 3) % 3]!];
      const change = (name: string, { id }: { id: string }) =>
        changes[name]!(id, `/accounts/${account.id}/members/${id}`);
      // Two deletions of users already take turns at the rows of the Admins.
      const held = first === 'deleted' && second === 'deleted' ? 'users' : 'accounts';
      const answers = await atOnce(
        app,
        { table: held, ids: held === 'users' ? [admin.user.id] : [account.id] },
        [() => change(first, pair[0]!), () => change(second, pair[1]!)],
      );
      expectOneRefusal(answers, `${trial}: ${first} and ${second}`);
      const left = await app.dataSource.query(
        `SELECT 1 FROM members WHERE account_id = $1 AND role_name = 'Admin'`,
        [account.id],
      );
      expect(left).toHaveLength(1);
    }
  }, 180_000);
});
