import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestUser, UNKNOWN, createAccount, registerAdmin, registerUser } from '../support/factories.js';
import { forgedTokens, unsigned } from '../support/forged-tokens.js';
import { type TokenClaims, forge, readClaims } from '../support/jwt-forge.js';

let app: TestApp;
let admin: TestUser;
let stranger: TestUser;
let boardCookie: string;
let accountToken: string;
beforeAll(async () => {
  app = await createTestApp({}, 'api');
  admin = await registerAdmin(app);
  stranger = await registerUser(app);
  accountToken = (await createAccount(app, admin)).app_secret_token;
  const { headers } = await fetch(`${app.url}/queues/login`, {
    method: 'POST',
    body: new URLSearchParams({ email: admin.email, password: admin.password }),
    redirect: 'manual',
  });
  boardCookie = /data_pusher_board=([^;]+)/.exec(headers.get('set-cookie')!)![1]!;
});
afterAll(() => app?.close());

/** Node's own client, which sends headers twice and bytes that are no ASCII. */
async function get(path: string, headers: OutgoingHttpHeaders): Promise<{ status: number; body: string }> {
  const outgoing = request(`${app.url}${path}`, { headers, agent: false }).end();
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: answer.statusCode!, body: await text(answer) };
}

/** Both ways to check a token: the guard of the API and the hook of the board. */
const DOORS = ['/api/user/profile', '/queues/api/queues'];

async function expectRefused(headers: OutgoingHttpHeaders, query = ''): Promise<void> {
  for (const door of DOORS) {
    const { status, body } = await get(door + query, headers);
    expect({ door, status }).toEqual({ door, status: 401 });
    expect(JSON.parse(body)).toMatchObject({ title: 'Unauthenticated', code: 'unauthenticated' });
  }
}

const bearer = (token: string): OutgoingHttpHeaders => ({ authorization: `Bearer ${token}` });

/** Made for something else, or of what another token has. */
const strayTokens: [string, (claims: TokenClaims) => string][] = [
  ['the session of somebody else', (claims) => forge({ ...claims, sid: readClaims(stranger.token).sid })],
  [
    'the signature of another token',
    (claims) => `${forge(claims).split('.', 2).join('.')}.${stranger.token.split('.')[2]}`,
  ],
  ['a refresh token', () => admin.refreshToken],
  ['the token of an account', () => accountToken],
  ['the cookie of the board', () => boardCookie],
];

/** What else can be done with a token that is good. */
const requests: [string, (token: string) => OutgoingHttpHeaders, ((token: string) => string)?][] = [
  ['nothing at all', () => ({})],
  ['no token', () => ({ authorization: 'Bearer' })],
  ['an empty token', () => ({ authorization: 'Bearer ' })],
  ['no scheme', (token) => ({ authorization: token })],
  ['another scheme', (token) => ({ authorization: `Token ${token}` })],
  ['Basic', (token) => ({ authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}` })],
  ['something after it', (token) => ({ authorization: `Bearer ${token} more` })],
  ['something before it', (token) => ({ authorization: `x Bearer ${token}` })],
  ['a tab before it', (token) => ({ authorization: `Bearer\t${token}` })],
  ['a colon before it', (token) => ({ authorization: `Bearer: ${token}` })],
  ['two of them in a header', (token) => ({ authorization: `Bearer ${token}, Bearer ${token}` })],
  ['the header twice', (token) => ({ authorization: [`Bearer ${token}`, `Bearer ${token}`] as never })],
  [
    'the header twice, the good one first',
    (token) => ({ authorization: [`Bearer ${token}`, 'Bearer x'] as never }),
  ],
  [
    'the header twice, the good one last',
    (token) => ({ authorization: ['Basic x', `Bearer ${token}`] as never }),
  ],
  ['lower case and a forgery', () => ({ authorization: `bearer ${unsigned('none', { sub: UNKNOWN })}` })],
  [
    'another header',
    (token) => ({ 'x-authorization': `Bearer ${token}`, 'proxy-authorization': `Bearer ${token}` }),
  ],
  ['the header of producers', (token) => ({ 'cl-x-token': token })],
  ['a cookie', (token) => ({ cookie: `access_token=${token}; token=${token}` })],
  ['the cookie of the board', (token) => ({ cookie: `data_pusher_board=${token}` })],
  [
    'the query',
    () => ({}),
    (token) => `?access_token=${token}&token=${token}&authorization=Bearer%20${token}`,
  ],
];

describe('a token', () => {
  it('is made here as the product makes it', async () => {
    expect(forge(readClaims(admin.token))).toBe(admin.token);
    for (const door of DOORS) expect((await get(door, bearer(admin.token))).status).toBe(200);
  });

  it.each([...forgedTokens, ...strayTokens])('is refused with %s', async (_, make) => {
    await expectRefused(bearer(make(readClaims(admin.token))));
  });

  it.each(requests)('is refused in %s', async (_, headers, query) => {
    await expectRefused(headers(admin.token), query?.(admin.token));
  });

  it('is still good after all that, in any case of the scheme', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      for (const door of DOORS)
        expect((await get(door, { authorization: `${scheme} ${admin.token}` })).status).toBe(200);
  });

  it('is refused with an unreadable header too long for any server, without a 500', async () => {
    const answer = await get(DOORS[0]!, bearer('x'.repeat(20 * 1024)));
    expect(answer.status).toBe(431);
  });
});

describe('a token of a user', () => {
  const endings: [string, (user: TestUser) => Promise<unknown>][] = [
    ['is disabled', ({ user }) => asAdmin('PATCH', `/user/users/${user.id}`, { disabled: true })],
    ['is deleted', ({ user }) => asAdmin('DELETE', `/user/users/${user.id}`)],
    ['signs out', ({ token }) => app.call('POST', '/user/logout', { token })],
    [
      'signs out of this session',
      ({ token, refreshToken }) =>
        app.call('POST', '/user/logout', { token, body: { refresh_token: refreshToken } }),
    ],
    [
      'changes the password',
      ({ token, password }) =>
        app.call('PUT', '/user/profile', {
          token,
          body: { currentPassword: password, newPassword: 'another one' },
        }),
    ],
    [
      'has a refresh token used twice',
      async ({ refreshToken }) => {
        for (let i = 0; i < 2; i++)
          await app.call('POST', '/user/refresh', { body: { refresh_token: refreshToken } });
      },
    ],
  ];
  const asAdmin = (method: string, path: string, body?: object) =>
    app.call(method, path, { token: admin.token, body });

  it.each(endings)('who %s is refused at the next request', async (_, end) => {
    const user = await registerUser(app);
    expect((await get(DOORS[0]!, bearer(user.token))).status).toBe(200);
    await end(user);
    await expectRefused(bearer(user.token));
  });

  it('grants what the database says, not what it claims', async () => {
    const claims = readClaims(stranger.token);
    for (const extra of [{ role: 'Admin' }, { roles: ['Admin'] }, { scope: 'admin' }, { admin: true }]) {
      const token = forge({ ...claims, ...extra });
      expect((await app.call('GET', '/user/users', { token })).status).toBe(403);
      expect((await get(DOORS[1]!, bearer(token))).status).toBe(403);
    }
  });

  it('follows a promotion and a demotion at the next request', async () => {
    const { token, user } = await registerUser(app);
    const statusAs = async (role: string) => {
      await asAdmin('PATCH', `/user/users/${user.id}`, { role });
      return (await app.call('GET', '/user/users', { token })).status;
    };
    expect([await statusAs('Admin'), await statusAs('User')]).toEqual([200, 403]);
  });
});
