import { contentHeaders } from './content-types.js';
import { type HeaderCase, JSON_TYPE, TOKEN, headerCase, range, withToken } from './header-case.js';

/** Latin-1, so that each character of a case is one byte on the wire. */
const character = (byte: number): string => String.fromCharCode(byte);
const isVisible = (byte: number): boolean => byte >= 0x21 && byte <= 0x7e;

function eventIds(): HeaderCase[] {
  const id = (status: number, value: string): HeaderCase => ({
    ...withToken(status, JSON_TYPE, `CL-X-EVENT-ID: ${value}`),
    ...(status === 202 ? { eventId: value.trim() } : {}),
  });
  const alone = range(0x21, 0x7e).map((byte) => id(202, character(byte)));
  const between = range(0x00, 0xff).map((byte) =>
    id(isVisible(byte) ? 202 : 400, `between${character(byte)}${byte}`),
  );
  // prettier-ignore
  return [
    ...alone,
    ...between,
    ...[2, 254, 255].map((length) => id(202, 'i'.repeat(length))),
    ...[256, 257, 511, 1000, 8000].map((length) => id(400, 'i'.repeat(length))),
    ...[
      '', ' ', '\t', 'a b', 'a\tb', 'a, b', 'a ,b', '\xc3\xa9', '\xf0\x9f\x98\x80', 'a\xa0b', '\xff\xfe',
    ].map((value) => id(400, value)),
    ...[
      ' padded ',
      '\tpadded-by-tabs\t',
      'a,b',
      '__proto__',
      'constructor',
      "';DROP-TABLE-events;--",
      '<script>',
      '=1+1',
    ].map((value) => id(202, value)),
    ...[
      '../../etc/passwd', '%00', '%2e%2e%2f', '${jndi:ldap://x}', '{{7*7}}', '$(id)', '`id`', 'null',
      '\\u0000', '"quoted"',
    ].map((value) => id(202, value)),
    ...[
      ['twice', 'twice'],
      ['one', 'two'],
      ['', ''],
      ['', 'one'],
      ['one', ''],
      ['a', 'b', 'c'],
    ].map((values) => withToken(400, JSON_TYPE, ...values.map((value) => `CL-X-EVENT-ID: ${value}`))),
    withToken(400, JSON_TYPE, 'CL-X-EVENT-ID: mixed', 'cl-x-event-id: mixed'),
    withToken(202, JSON_TYPE, 'CL_X_EVENT_ID: a b'),
  ];
}

function tokens(): HeaderCase[] {
  const token = (status: number, ...values: string[]) =>
    headerCase(status, [JSON_TYPE, ...values.map((value) => `CL-X-TOKEN: ${value}`)]);
  // prettier-ignore
  return [
    ...['<token>', ' <token> ', '\t<token>\t'].map((value) => token(202, value)),
    ...['CL-X-Token', 'cl-x-token', 'Cl-X-tOkEn'].map((name) => headerCase(202, [JSON_TYPE, `${name}: <token>`])),
    ...[
      '', ' ', 'x', '<token>x', 'x<token>', '<token><token>', '<token>,<token>', '<token>, <token>',
      '<token>,', ',<token>', '"<token>"', 'Bearer <token>', '<token> <token>', '%40', 'null', 'undefined',
      '*',
    ].map((value) => token(401, value)),
    ...[
      '0', '-1', 'true', '[]', "' OR 1=1 --", '<token>\xa0', '\xff', '<token>\xe2\x80\x8b', '../<token>',
      '<token>#', '<token>?', '<token>;', '<token>=', '<token>\t<token>',
    ].map((value) => token(401, value)),
    ...[200, 201, 1000, 8000].map((length) => token(401, 't'.repeat(length))),
    ...[
      ['<token>', '<token>'],
      ['<token>', 'x'],
      ['x', '<token>'],
      ['', '<token>'],
      ['<token>', ''],
    ].map((values) => token(401, ...values)),
    ...[
      'Authorization: Bearer <token>',
      'Authorization: <token>',
      'X-Token: <token>',
      'CL_X_TOKEN: <token>',
      'CL-X-TOKENS: <token>',
      'Cookie: CL-X-TOKEN=<token>',
      'X-API-Key: <token>',
    ].map((line) => headerCase(401, [JSON_TYPE, line])),
    ...[
      'CL-X-TOKEN : <token>',
      'CL-X-TOKEN\t: <token>',
      'CL-X-TOKEN <token>',
      'CL X TOKEN: <token>',
      'CL-X-TOKEN\0: <token>',
      'CL-X-TOKEN: <token>\0',
    ].map((line) => headerCase(400, [JSON_TYPE, line])),
    ...[
      'CL-X-TOKEN: \0',
      'CL-X-TOKEN: <token>\x01',
      'CL-X-TOKEN: <token>\x1b[0m',
      'CL-X-TOKEN: <token>\x7f',
    ].map((line) => headerCase(400, [JSON_TYPE, line])),
    headerCase(401, [JSON_TYPE]),
    headerCase(401, []),
    headerCase(401, ['Content-Type: garbage', 'CL-X-EVENT-ID: a b', 'Content-Encoding: gzip']),
    headerCase(400, [TOKEN, 'Content-Type: garbage', 'CL-X-EVENT-ID: a b']),
  ];
}

/** Headers that mean nothing here: none of them may change the answer. */
function bystanders(): HeaderCase[] {
  // prettier-ignore
  const lines = [
    ...['', '*/*', 'text/html', 'application/xml', 'nonsense', ';;;', 'application/json;q=0', '*/*;q=0'].map(
      (value) => `Accept: ${value}`,
    ),
    ...['gzip', 'br;q=0', '*;q=0', 'identity;q=0'].map((value) => `Accept-Encoding: ${value}`),
    ...['utf-16', ';'].map((value) => `Accept-Charset: ${value}`), 'X-HTTP-Method-Override: DELETE',
    'X-HTTP-Method: PUT', 'X-Original-URL: /admin', 'X-Rewrite-URL: /admin', 'X-Forwarded-Host: evil',
    'X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Proto: gopher', 'Forwarded: for=_x', 'Via: 1.1 x',
    'X-Real-IP: ::1', 'Origin: null', 'Cookie: a=b; __proto__=1', `Cookie: ${'c'.repeat(8000)}`,
    'Authorization: Bearer x', 'Authorization: Basic Og==', 'Authorization:', 'If-Match: *',
    'If-None-Match: *', 'If-Modified-Since: never', 'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT',
    'Range: bytes=0-0', 'Expect: 100-continue', 'Expect: 200-maybe', 'Expect:', 'TE: trailers',
    'Trailer: CL-X-TOKEN', 'Max-Forwards: 0', 'Prefer: respond-async', 'Connection: Upgrade',
    'Connection: CL-X-TOKEN', 'Connection: keep-alive, close', 'Upgrade: h2c', 'Keep-Alive: timeout=999999',
    'Content-MD5: x', 'Content-Language: xx', 'Content-Location: /x', 'Content-Range: bytes 0-1/2',
    'Digest: x', 'Date: never', '__proto__: x', 'constructor: x', 'toString: x', 'hasOwnProperty: x',
    `X-${'n'.repeat(1000)}: x`, `X-Long: ${'v'.repeat(12_000)}`, 'X-Bytes: \x80\xff\xfe', 'X-Tab: a\tb',
    'X-Empty:', 'User-Agent:', 'User-Agent: () { :; }; echo x', "!#$%&'*+-.^_`|~: x",
  ];
  return [
    ...lines.map((line) => withToken(202, JSON_TYPE, line)),
    withToken(400, JSON_TYPE, 'X: \x7f'),
    withToken(
      202,
      JSON_TYPE,
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    ),
    withToken(
      202,
      JSON_TYPE,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
    ),
    // As many as fit: none of them may push a header that counts out of sight.
    {
      ...withToken(202, JSON_TYPE, ...range(1, 2600).map(() => 'a:'), 'CL-X-EVENT-ID: the-last-of-many'),
      name: '2,600 headers',
      eventId: 'the-last-of-many',
    },
    {
      ...withToken(400, JSON_TYPE, ...range(1, 2600).map(() => 'a:'), 'CL-X-EVENT-ID: not one'),
      name: '2,600 headers and a bad id',
    },
    { ...withToken(431, JSON_TYPE, `X-Long: ${'v'.repeat(17_000)}`), name: 'a header of 17,000 bytes' },
    {
      ...withToken(431, JSON_TYPE, ...range(1, 200).map((n) => `X-${n}: ${'v'.repeat(100)}`)),
      name: '200 headers of 100 bytes',
    },
  ];
}

export function ingestHeaders(): Record<string, HeaderCase[]> {
  return {
    'content type and encoding': contentHeaders(),
    'event ids': eventIds(),
    tokens: tokens(),
    'other headers': bystanders(),
  };
}
