import { createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp, testSecrets } from '../support/app.js';
import { type TestUser, createAccount, registerAdmin, registerUser } from '../support/factories.js';
import { type TokenClaims, forge, part, readClaims } from '../support/jwt-forge.js';

const UNKNOWN = '019a0000-0000-7000-8000-000000000000';

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

const seconds = () => Math.floor(Date.now() / 1000);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = rsa.publicKey.export({ format: 'jwk' });

/** Signed with a key of the attacker's own. */
function signOwn(header: { alg: string } & object, claims: TokenClaims): string {
  const signed = `${part({ typ: 'JWT', ...header })}.${part(claims)}`;
  const key = header.alg.startsWith('ES')
    ? { key: ec.privateKey, dsaEncoding: 'ieee-p1363' as const }
    : rsa.privateKey;
  return `${signed}.${createSign('sha256').update(signed).sign(key, 'base64url')}`;
}

const unsigned = (alg: string, claims: TokenClaims) => `${part({ alg, typ: 'JWT' })}.${part(claims)}.`;
const withHeader = (header: object) => (claims: TokenClaims) => forge(claims, { header });
const withClaims = (change: TokenClaims) => (claims: TokenClaims) => forge({ ...claims, ...change });
const withParts = (change: (parts: [string, string, string]) => string[]) => (claims: TokenClaims) =>
  change(forge(claims).split('.') as [string, string, string]).join('.');

/** The last character of a signature of 32 bytes carries two bits that are no part of it. */
function withLooseBits(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)!) ^ 1]!;
}

/** Each makes a token out of claims that are good. */
const tokens: [string, (claims: TokenClaims) => string][] = [
  ['no JWT', () => 'abc'],
  ['only dots', () => '..'],
  ['alg none', (claims) => unsigned('none', claims)],
  ['alg None', (claims) => unsigned('None', claims)],
  ['alg NONE', (claims) => unsigned('NONE', claims)],
  ['alg nOnE', (claims) => unsigned('nOnE', claims)],
  ['an empty alg', (claims) => unsigned('', claims)],
  ['alg none over a good signature', withHeader({ alg: 'none' })],
  ['no alg', withHeader({ alg: undefined })],
  ['alg as a list', withHeader({ alg: ['HS256'] })],
  ['HS384 with our secret', (claims) => forge(claims, { header: { alg: 'HS384' }, hash: 'sha384' })],
  ['HS512 with our secret', (claims) => forge(claims, { header: { alg: 'HS512' }, hash: 'sha512' })],
  ['alg hs256', withHeader({ alg: 'hs256' })],
  ['RS256 over an HMAC with our secret', withHeader({ alg: 'RS256' })],
  ['RS256 of a key of their own', (claims) => signOwn({ alg: 'RS256' }, claims)],
  ['PS256 of a key of their own', (claims) => signOwn({ alg: 'PS256' }, claims)],
  ['ES256 of a key of their own', (claims) => signOwn({ alg: 'ES256' }, claims)],
  [
    'HS256 said of an RSA signature',
    (claims) => {
      const [, payload, signature] = signOwn({ alg: 'RS256' }, claims).split('.');
      return `${part({ alg: 'HS256', typ: 'JWT' })}.${payload}.${signature}`;
    },
  ],
  ['the secret of another deployment', (claims) => forge(claims, { secret: `${testSecrets.jwtSecret}!` })],
  ['an empty secret', (claims) => forge(claims, { secret: '' })],
  ['a secret anybody guesses', (claims) => forge(claims, { secret: 'secret' })],

  ['another issuer', withClaims({ iss: 'other' })],
  ['no issuer', withClaims({ iss: undefined })],
  ['another audience', withClaims({ aud: 'other' })],
  ['no audience', withClaims({ aud: undefined })],
  ['the audience of the board', withClaims({ aud: 'data-pusher-board', sid: undefined })],
  ['an end in the past', withClaims({ exp: seconds() - 60 })],
  ['no end', withClaims({ exp: undefined })],
  ['an end that is text', withClaims({ exp: String(seconds() + 600) })],
  ['an end that is null', withClaims({ exp: null })],
  ['an end in a year', withClaims({ exp: seconds() + 365 * 86_400 })],
  ['an end after 16 minutes', withClaims({ exp: seconds() + 16 * 60 })],
  ['an end that is infinite', (claims) => forge(JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999'))],
  ['a begin in the future', withClaims({ nbf: seconds() + 600 })],
  ['a begin that is text', withClaims({ nbf: 'now' })],
  ['issued in the future', withClaims({ iat: seconds() + 3600, exp: seconds() + 4500 })],
  ['never issued', withClaims({ iat: undefined })],
  ['issued as text', withClaims({ iat: String(seconds()) })],
  ['no subject', withClaims({ sub: undefined })],
  ['an unknown user', withClaims({ sub: UNKNOWN })],
  ['a subject that is SQL', withClaims({ sub: "' OR 1=1 --" })],
  ['a subject that is a list', (claims) => forge({ ...claims, sub: [claims.sub] })],
  ['a subject that is an object', withClaims({ sub: { toString: 'x' } })],
  ['no version', withClaims({ ver: undefined })],
  ['an older version', withClaims({ ver: -1 })],
  ['a version to come', withClaims({ ver: 1 })],
  ['a version that is text', withClaims({ ver: '0' })],
  ['an ended session', withClaims({ sid: UNKNOWN })],
  ['a session that is no UUID', withClaims({ sid: 7 })],
  ['the session of somebody else', (claims) => forge({ ...claims, sid: readClaims(stranger.token).sid })],
  ['claims that are no JSON', () => forge('{"sub":')],
  ['claims that are null', () => forge('null')],
  ['claims that are a list', (claims) => forge([claims])],
  ['claims that are text', (claims) => forge(JSON.stringify(JSON.stringify(claims)))],

  [
    'a kid that is a path, and the empty secret found there',
    (claims) => forge(claims, { header: { kid: '../../../../dev/null' }, secret: '' }),
  ],
  ['a kid that is SQL', withHeader({ kid: "x' UNION SELECT 'secret" })],
  ['a kid that is a command', withHeader({ kid: '| cat /etc/passwd' })],
  ['a jwk of their own', (claims) => signOwn({ alg: 'RS256', jwk } as never, claims)],
  [
    'a jku of their own',
    (claims) => signOwn({ alg: 'RS256', jku: 'http://127.0.0.1:9/jwks.json' } as never, claims),
  ],
  [
    'an x5u of their own',
    (claims) => signOwn({ alg: 'RS256', x5u: 'http://127.0.0.1:9/cert.pem' } as never, claims),
  ],
  ['an x5c of their own', withHeader({ x5c: ['MIIB'] })],
  ['a jwk beside our signature', withHeader({ jwk })],
  ['crit', withHeader({ crit: ['exp'] })],
  ['crit for b64: false', withHeader({ crit: ['b64'], b64: false })],
  ['b64: false', withHeader({ b64: false })],
  ['zip', withHeader({ zip: 'DEF' })],
  ['another typ', withHeader({ typ: 'at+jwt' })],
  ['a token in a token', (claims) => forge(forge(claims), { header: { cty: 'JWT' } })],
  ['a JWE', () => `${part({ alg: 'dir', enc: 'A256GCM' })}..${part('iv')}.${part('text')}.${part('tag')}`],

  ['an empty signature', withParts(([header, payload]) => [header, payload, ''])],
  ['no signature', withParts(([header, payload]) => [header, payload])],
  ['a cut signature', withParts(([header, payload, signature]) => [header, payload, signature.slice(0, -4)])],
  ['cut claims', withParts(([header, payload, signature]) => [header, payload.slice(0, -4), signature])],
  ['parts that are swapped', withParts(([header, payload, signature]) => [payload, header, signature])],
  ['a part more', withParts((parts) => [...parts, parts[2]])],
  [
    'the signature of another token',
    (claims) => `${forge(claims).split('.', 2).join('.')}.${stranger.token.split('.')[2]}`,
  ],
  [
    'claims that were changed',
    withParts(([header, payload, signature]) => [
      header,
      part({ ...readClaims(`.${payload}`), sub: UNKNOWN }),
      signature,
    ]),
  ],
  [
    'a signature with padding',
    withParts(([header, payload, signature]) => [header, payload, `${signature}=`]),
  ],
  [
    'a signature with loose bits',
    withParts(([header, payload, signature]) => [header, payload, withLooseBits(signature)]),
  ],
  [
    'standard base64',
    withParts((parts) => parts.map((each) => Buffer.from(each, 'base64url').toString('base64'))),
  ],
  ['bytes that are no ASCII', (claims) => forge(claims).replace('e', '\u00e9')],
  ['12 KiB of a forgery', (claims) => forge({ ...claims, more: 'x'.repeat(9 * 1024) }, { secret: 'secret' })],

  ['a refresh token', () => admin.refreshToken],
  ['the token of an account', () => accountToken],
  ['the cookie of the board', () => boardCookie],
  ['the secret itself', () => testSecrets.jwtSecret],
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

  it.each(tokens)('is refused with %s', async (_, make) => {
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
