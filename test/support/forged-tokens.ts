import { createSign, generateKeyPairSync } from 'node:crypto';
import { testSecrets } from './app.js';
import { UNKNOWN } from './factories.js';
import { type TokenClaims, forge, part, readClaims } from './jwt-forge.js';

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

/** A token that says which algorithm signed it, and is signed by none. */
export const unsigned = (alg: string, claims: TokenClaims) => `${part({ alg, typ: 'JWT' })}.${part(claims)}.`;
const withHeader = (header: object) => (claims: TokenClaims) => forge(claims, { header });
const withClaims = (change: TokenClaims) => (claims: TokenClaims) => forge({ ...claims, ...change });
const withParts = (change: (parts: [string, string, string]) => string[]) => (claims: TokenClaims) =>
  change(forge(claims).split('.') as [string, string, string]).join('.');

/** The last character of a signature of 32 bytes carries two bits that are no part of it. */
function withLooseBits(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)!) ^ 1]!;
}

/** Each makes a token that has to be refused out of claims that are good. */
export const forgedTokens: [string, (claims: TokenClaims) => string][] = [
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
  ['the secret itself', () => testSecrets.jwtSecret],
];
