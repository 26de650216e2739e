import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { registerAdmin, registerUser } from '../support/factories.js';

describe('too many failed sign-ins', { timeout: 60_000 }, () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp({ TRUST_PROXY: '127.0.0.1' });
    await registerAdmin(app);
  });
  afterAll(() => app.close());

  const login = (email: string, password: string, address: string): Promise<TestAnswer> =>
    app.call('POST', '/user/login', { body: { email, password }, headers: { 'x-forwarded-for': address } });
  const statuses = async (requests: Promise<TestAnswer>[]) =>
    (await Promise.all(requests)).map(({ status }) => status);

  it('of one e-mail at an address are answered 429 with Retry-After, the right password included', async () => {
    const [ann, bob] = [await registerUser(app), await registerUser(app)];
    for (let i = 0; i < 10; i++) expect((await login(ann.email, 'wrong one', '192.0.2.99')).status).toBe(401);
    const refused = await login(ann.email, ann.password, '192.0.2.99');
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(900);
    expect((await login(bob.email, bob.password, '192.0.2.99')).status).toBe(200);
    expect((await login(ann.email, ann.password, '192.0.2.98')).status).toBe(200);
  });

  it('of one e-mail are answered 429 after a hundred from all addresses, also when most come at once', async () => {
    const user = await registerUser(app);
    const guess = (i: number) => login(user.email, `guess ${i} wrong`, `198.51.100.${i}`);
    const answers: number[] = [];
    for (let round = 0; round < 3; round++)
      answers.push(...(await statuses(Array.from({ length: 40 }, (_, i) => guess(round * 40 + i)))));
    expect(answers.filter((status) => status === 401)).toHaveLength(100);
    expect(answers.filter((status) => status === 429)).toHaveLength(20);
    expect((await login(user.email, user.password, '198.51.100.200')).status).toBe(429);
  });

  it('are counted for unknown e-mails too, and answered the same', async () => {
    const user = await registerUser(app);
    for (const email of ['nobody@example.com', user.email]) {
      for (let i = 0; i < 10; i++) expect((await login(email, 'wrong one', '192.0.2.101')).status).toBe(401);
      expect(await login(email, 'wrong one', '192.0.2.101')).toMatchObject({
        status: 429,
        body: { detail: 'Too many sign-ins failed. Wait 15 minutes and try again.' },
      });
    }
  });

  it('are forgotten by a success', async () => {
    const user = await registerUser(app);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 9; i++)
        expect((await login(user.email, 'wrong one', '192.0.2.110')).status).toBe(401);
      expect((await login(user.email, user.password, '192.0.2.110')).status).toBe(200);
    }
  });

  it('learn no more when they are sent all at once', async () => {
    const user = await registerUser(app);
    const guesses = Array.from({ length: 40 }, (_, i) =>
      login(user.email, `guess ${i} wrong`, '192.0.2.120'),
    );
    const answers = await statuses([...guesses, login(user.email, user.password, '192.0.2.120')]);
    expect(answers.filter((status) => status === 401)).toHaveLength(10);
    expect(answers.at(-1)).toBe(429);
  });

  it('of one address are answered 429, whatever the e-mail', async () => {
    const user = await registerUser(app);
    for (let i = 0; i < 50; i += 10)
      await statuses(
        Array.from({ length: 10 }, (_, j) => login(`u${i + j}@example.com`, 'wrong one', '192.0.2.130')),
      );
    expect((await login(user.email, user.password, '192.0.2.130')).status).toBe(429);
    expect((await login(user.email, user.password, '192.0.2.131')).status).toBe(200);
  });

  it('do not count sign-ins that succeed', async () => {
    const user = await registerUser(app);
    const answers = await statuses(
      Array.from({ length: 20 }, () => login(user.email, user.password, '192.0.2.140')),
    );
    expect(answers).toEqual(Array.from({ length: 20 }, () => 200));
  });

  it('include guesses of currentPassword, which answer 400 before', async () => {
    const user = await registerUser(app);
    const guess = () =>
      app.call('PUT', '/user/profile', { token: user.token, body: { currentPassword: 'wrong one' } });
    const guessForKey = () =>
      app.call('POST', '/user/api-keys', {
        token: user.token,
        body: { name: 'stolen', currentPassword: 'wrong one' },
      });
    for (let i = 0; i < 5; i++) expect((await guess()).status).toBe(400);
    for (let i = 0; i < 5; i++) expect((await guessForKey()).status).toBe(400);
    expect((await guessForKey()).status).toBe(429);
    expect((await guess()).status).toBe(429);
    expect((await login(user.email, user.password, '127.0.0.1')).status).toBe(429);
    expect((await login(user.email, user.password, '192.0.2.150')).status).toBe(200);
  });
});
