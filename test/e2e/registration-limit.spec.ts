import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import { registerAdmin } from '../support/factories.js';

describe('too many registrations', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp({ TRUST_PROXY: '127.0.0.1', REGISTRATIONS_PER_HOUR: '3' });
    await registerAdmin(app);
  });
  afterAll(() => app.close());

  let counter = 0;
  const register = (address: string, body: object = {}, path = '/user/register'): Promise<TestAnswer> =>
    app.call('POST', path, {
      body: { email: `new-${counter++}@example.com`, password: 'Demo@123-long', ...body },
      headers: { 'x-forwarded-for': address },
    });
  const expectLimited = (answer: TestAnswer) => {
    expect(answer).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(3500);
    expect(seconds).toBeLessThanOrEqual(3600);
  };

  it('from one address are answered 429 with Retry-After, whatever the spelling of the path', async () => {
    for (let n = 0; n < 3; n++) expect((await register('192.0.2.1')).status).toBe(201);
    expectLimited(await register('192.0.2.1'));
    expectLimited(await register('192.0.2.1', {}, '/users/register'));
    expect((await register('192.0.2.2')).status).toBe(201);
  });

  it('are no more when they are sent at once, and no user is made of the others', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => register('192.0.2.10')));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(3);
    expect(statuses.filter((status) => status === 429)).toHaveLength(9);
  });

  it('count when the e-mail is taken, for that costs as much', async () => {
    const email = 'taken@example.com';
    expect((await register('192.0.2.20', { email })).status).toBe(201);
    for (let n = 0; n < 2; n++) expect((await register('192.0.2.20', { email })).status).toBe(409);
    expectLimited(await register('192.0.2.20', { email }));
  });

  it('do not count what is refused before its password is hashed', async () => {
    for (let n = 0; n < 5; n++) {
      expect((await register('192.0.2.30', { password: 'password' })).status).toBe(400);
      expect((await register('192.0.2.30', { email: 'nobody' })).status).toBe(400);
    }
    expect((await register('192.0.2.30')).status).toBe(201);
  });

  it('of one IPv6 network are of one address', async () => {
    for (let n = 0; n < 3; n++) expect((await register(`2001:db8:1:2::${n + 1}`)).status).toBe(201);
    expectLimited(await register('2001:db8:1:2:ffff::1'));
    expect((await register('2001:db8:1:3::1')).status).toBe(201);
  });
});
