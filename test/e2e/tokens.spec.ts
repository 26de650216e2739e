import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestUser, registerUser } from '../support/factories.js';

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  await registerUser(app);
  user = await registerUser(app);
});

afterAll(() => app?.close());

const post = (path: string, body: unknown) => app.call('POST', path, { body });
const profile = (token: string) => app.call('GET', '/user/profile', { token });

describe.each(['email', 'username'])('/token with %s', (field) => {
  it('gives a pair of tokens that work like those of a login', async () => {
    const { status, body } = await post('/token', {
      [field]: user.email.toUpperCase(),
      password: user.password,
    });
    expect(status).toBe(200);
    expect(body).toEqual({ access: expect.any(String), refresh: expect.any(String) });
    expect((await profile(body.access)).body.email).toBe(user.email);
    expect((await post('/user/refresh', { refresh_token: body.refresh })).status).toBe(200);
  });

  it('answers a wrong password and an unknown user alike', async () => {
    const wrong = await post('/token', { [field]: user.email, password: 'Wrong@123-long' });
    const unknown = await post('/token', { [field]: 'nobody@example.com', password: 'Wrong@123-long' });
    expect(wrong.status).toBe(401);
    expect({ ...wrong.body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' });
    expect(wrong.body.code).toBe('invalid_credentials');
  });
});

describe('/token', () => {
  it.each([
    [{ password: 'Demo@123-long' }, 'email'],
    [{ email: 'a@example.com', username: 'b@example.com', password: 'Demo@123-long' }, 'username'],
    [{ email: 'a@example.com' }, 'password'],
    [{ username: 'ann', password: 'Demo@123-long' }, 'username'],
    [{ email: 'a@example.com', password: 'Demo@123-long', otp: '1' }, 'otp'],
  ])('refuses %j', async (body, field) => {
    for (const path of ['/token', '/obtain-token']) {
      const answer = await post(path, body);
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toMatchObject([{ field }]);
    }
  });
});

describe('/token/refresh', () => {
  it('gives the next pair once; a token that is used twice ends the session', async () => {
    const { body: first } = await post('/token', { email: user.email, password: user.password });
    const second = await post('/token/refresh', { refresh: first.refresh });
    expect(second.status).toBe(200);
    expect(second.body).toEqual({ access: expect.any(String), refresh: expect.any(String) });
    expect(second.body.refresh).not.toBe(first.refresh);
    expect((await profile(second.body.access)).status).toBe(200);
    expect((await post('/token/refresh', { refresh: first.refresh })).status).toBe(401);
    expect((await post('/token/refresh', { refresh: second.body.refresh })).status).toBe(401);
    expect((await profile(second.body.access)).status).toBe(401);
    expect((await post('/token/refresh', { refresh_token: first.refresh })).status).toBe(400);
  });
});

describe('/obtain-token', () => {
  it('gives a token alone, which ends with the sessions of its user', async () => {
    const { status, body } = await post('/obtain-token', { email: user.email, password: user.password });
    expect(status).toBe(200);
    expect(body).toEqual({ token: expect.any(String) });
    expect((await profile(body.token)).status).toBe(200);
    await app.call('POST', '/user/logout', { token: body.token, body: {} });
    expect((await profile(body.token)).status).toBe(401);
  });
});

describe('failed sign-ins', () => {
  it('count together, whichever spelling they come by', async () => {
    const somebody = await registerUser(app);
    const wrong = { email: somebody.email, password: 'Wrong@123-long' };
    const spellings = ['/user/login', '/token', '/obtain-token'];
    for (let tries = 0; tries < 10; tries++)
      expect((await post(spellings[tries % 3]!, wrong)).status).toBe(401);
    for (const spelling of spellings) {
      const answer = await post(spelling, { email: somebody.email, password: somebody.password });
      expect(answer.status).toBe(429);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });
});
