import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { atOnce } from '../support/at-once.js';
import { type TestUser, registerUser } from '../support/factories.js';

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp();
});
afterAll(() => app.close());

const login = ({ email, password }: TestUser) =>
  app.call('POST', '/user/login', { body: { email, password } });
const refresh = (token: string) => app.call('POST', '/user/refresh', { body: { refresh_token: token } });
const profile = (token: string) => app.call('GET', '/user/profile', { token });
const putProfile = (token: string, body: object) => app.call('PUT', '/user/profile', { token, body });
const liveRows = (user: TestUser): Promise<unknown[]> =>
  app.dataSource.query('SELECT 1 FROM refresh_tokens WHERE user_id = $1 AND used_at IS NULL', [user.user.id]);
const statusesOf = (answers: TestAnswer[]) => answers.map(({ status }) => status).sort();

/** Runs requests that meet at the row of a user. */
const whileHeld = (user: TestUser, requests: (() => Promise<TestAnswer>)[], statement?: string) =>
  atOnce(
    app,
    { table: 'users', ids: [user.user.id] },
    requests,
    statement ? { statement, parameters: [user.user.id] } : undefined,
  );

describe('a refresh token', () => {
  it('sent many times at once is traded once, and the session ends', async () => {
    const user = await registerUser(app);
    const answers = await whileHeld(
      user,
      Array.from({ length: 5 }, () => () => refresh(user.refreshToken)),
    );
    expect(statusesOf(answers)).toEqual([200, 401, 401, 401, 401]);
    expect(await liveRows(user)).toEqual([]);
  });

  it('that comes back while the latest one is traded leaves nothing alive', async () => {
    const user = await registerUser(app);
    for (let round = 0; round < 5; round++) {
      const { body: first } = await login(user);
      const { body: next } = await refresh(first.refresh_token);
      const [latest, reused] = await whileHeld(user, [
        () => refresh(next.refresh_token),
        () => refresh(first.refresh_token),
      ]);
      expect(reused!.status).toBe(401);
      const { access_token, refresh_token } = latest!.status === 200 ? latest!.body : next;
      expect((await refresh(refresh_token)).status).toBe(401);
      expect((await profile(access_token)).status).toBe(401);
    }
  });

  it('traded while every session ends is worth nothing', async () => {
    const user = await registerUser(app);
    const [answer] = await whileHeld(
      user,
      [() => refresh(user.refreshToken)],
      'DELETE FROM refresh_tokens WHERE user_id = $1',
    );
    expect(answer!.status).toBe(401);
    expect(await liveRows(user)).toEqual([]);
  });
});

describe('a sign-in', () => {
  it.each([
    ['the password changes', 'token_version = token_version + 1'],
    ['the user is disabled', 'disabled_at = now()'],
  ])('that has checked the password when %s is refused and leaves no session', async (_, change) => {
    const user = await registerUser(app);
    const before = await liveRows(user);
    const [answer] = await whileHeld(user, [() => login(user)], `UPDATE users SET ${change} WHERE id = $1`);
    expect(answer).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    expect(await liveRows(user)).toEqual(before);
  });
});

describe('two changes of the password', () => {
  it('with the same current one: the second is told that it is wrong', async () => {
    const user = await registerUser(app);
    const answers = await whileHeld(
      user,
      ['another one', 'yet another'].map(
        (newPassword) => () => putProfile(user.token, { currentPassword: user.password, newPassword }),
      ),
    );
    expect(statusesOf(answers)).toEqual([200, 400]);
    const refused = answers.find(({ status }) => status === 400);
    expect(refused!.body.errors).toEqual([{ field: 'currentPassword', message: 'is wrong' }]);
    expect(await liveRows(user)).toHaveLength(1);
  });
});
