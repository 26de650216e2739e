/** Headers of a destination, with whether they may be saved. */
export interface DestinationHeadersCase {
  name: string;
  headers: Record<string, unknown>;
  isAllowed: boolean;
}

const TOKEN_CHARACTER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]$/;
const VALUE_CHARACTER = /^[\t\x20-\x7e]$/;

// prettier-ignore
const RESERVED = [
  'Host', 'Content-Length', 'Transfer-Encoding', 'TE', 'Trailer', 'Connection', 'Keep-Alive', 'Upgrade',
  'Expect', 'Proxy-Authorization', 'Proxy-Connection', 'Via', 'Forwarded', 'X-Forwarded-For',
  'X-Forwarded-Host', 'Accept-Encoding', 'webhook-id',
  'webhook-timestamp', 'webhook-signature', 'CL-X-EVENT-ID', 'CL-X-DELIVERY-ID', 'CL-X-ATTEMPT',
  'CL-X-TOKEN',
];

// prettier-ignore
const USUAL = [
  'APP_ID', 'APP_SECRET', 'ACTION', 'Content-Type', 'Accept', 'Authorization', 'User-Agent', 'Cookie',
  'X-Api-Key', 'Origin', 'Referer', 'toString', 'hasOwnProperty', 'valueOf', 'Hosts', 'X-Host', 'Viaduct',
  'Webhook', 'CL-X', 'Range', 'If-Match', '0', '1e3',
];

const headersCase = (headers: Record<string, unknown>, isAllowed: boolean): DestinationHeadersCase => ({
  name: JSON.stringify(headers).slice(0, 100),
  headers,
  isAllowed,
});

const characters = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => String.fromCharCode(index));
const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${index}`, 'v']));

export function destinationHeaders(): DestinationHeadersCase[] {
  // prettier-ignore
  return [
    ...characters(256).map((one) => headersCase({ [`X${one}Y`]: 'v' }, TOKEN_CHARACTER.test(one))),
    ...characters(256).map((one) => headersCase({ 'X-A': `a${one}b` }, VALUE_CHARACTER.test(one))),
    ...RESERVED.flatMap((name) => [name, name.toLowerCase(), name.toUpperCase()]).map((name) => headersCase({ [name]: 'v' }, false)),
    ...USUAL.map((name) => headersCase({ [name]: 'v' }, true)),
    ...[
      '', ' ', '\t', ' padded ', '0', 'null', '=1+1', '<script>', '${jndi:ldap://x}', '%00', '\\r\\n',
      '{"a":1}',
    ].map((value) => headersCase({ 'X-B': value }, true)),
    ...[
      '€', '\u2028', '😀', '\u202e', '\ud800', 'a\r\nX-Evil: 1', '\r\n\r\n<html>', 1, 0, true, null, {}, [],
      ['v'], { a: 'b' },
    ].map((value) => headersCase({ 'X-C': value }, false)),
    ...[
      '', ' ', 'é', '😀', '\u202e', 'X-A:', 'X-A: v', 'X A', 'X-A\r\nX-Evil', '(x)', '[x]', '{x}', 'x@y',
      'x,y', 'x;y', 'x=y', 'x/y', 'x?y', '"x"',
    ].map((name) => headersCase({ [name]: 'v' }, false)),
    ...[1, 63, 64].map((length) => headersCase({ ['N'.repeat(length)]: 'v' }, true)),
    ...[65, 66, 1000].map((length) => headersCase({ ['N'.repeat(length)]: 'v' }, false)),
    ...[0, 1, 29, 30].map((count) => headersCase(many(count), true)),
    ...[31, 32, 500].map((count) => headersCase(many(count), false)),
    ...[8188, 8189].map((size) => headersCase({ 'X-A': 'v'.repeat(size) }, true)),
    ...[8190, 8191, 100_000].map((size) => headersCase({ 'X-A': 'v'.repeat(size) }, false)),
    ...['constructor', 'prototype', '__proto__'].map((name) => headersCase({ [name]: 'v' }, false)),
    ...['Constructor', '__PROTO__'].map((name) => headersCase({ [name]: 'v' }, true)),
    headersCase({ 'X-A': '1', 'x-a': '2' }, false),
    headersCase({ 'X-A': '1', 'X-a': '1' }, false),
    headersCase({ 'X-A': '***' }, false),
    headersCase({ 'X-A': '****' }, true),
  ];
}
