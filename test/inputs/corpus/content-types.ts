import { type HeaderCase, JSON_TYPE, withToken } from './header-case.js';

// prettier-ignore
const TYPES_TAKEN = [
  'application/json', 'Application/JSON', 'APPLICATION/JSON', ' application/json ', '\tapplication/json\t',
  ...[
    'charset=utf-8',
    'charset=UTF-8',
    'Charset=Utf-8',
    'CHARSET="utf-8"',
    'charset="UTF-8"',
    'charset=utf8',
  ].flatMap((parameter) => [
    `application/json;${parameter}`,
    `application/json; ${parameter}`,
    `application/json\t;  ${parameter} `,
  ]),
  'application/json;', 'application/json; ', 'application/json;;', 'application/json; odata=verbose',
  'application/json;v=1', 'application/json; profile="https://x/y; charset=latin1"',
  'application/json; a="b\\"c"; charset=utf-8', 'application/json; boundary=x; charset=utf-8',
  'application/json; charset="ut\\f-8"', `application/json; a=${'x'.repeat(4000)}`,
  'application/vnd.api+json', 'application/cloudevents+json', 'application/problem+json',
  'application/ld+json', 'application/x+json', 'application/A.b-c_d+JSON',
  'application/vnd.api+json; charset=utf-8', 'application/a+b+json',
];

// prettier-ignore
const TYPES_REFUSED = [
  '', ' ', 'text/plain', 'text/json', 'text/html', 'application/x-json', 'application/jsonp',
  'application/json5', 'application/json-seq', 'application/x-ndjson', 'application/ndjson',
  'application/jsonlines', 'application/xml', 'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x', 'application/octet-stream', 'image/png', '*/*', 'application/*',
  'json', 'application', 'application/', '/json', 'application//json', 'application json',
  'application/json/x', 'application/json, text/plain', 'application/json,application/json',
  'text/plain, application/json', 'application/+json', 'application/json+', 'text/x+json', 'image/svg+json',
  'application/json+xml', 'aplication/json', 'application/json charset=utf-8',
  'application/json:charset=utf-8', 'application/json; charset=utf-8 x', '"application/json"',
  ...[
    'iso-8859-1', 'latin1', 'utf-16', 'utf-16le', 'utf-32', 'us-ascii', 'windows-1252', 'utf-7',
    'utf-8-sig', 'utf', 'shift_jis',
  ].map((charset) => `application/json; charset=${charset}`),
  ...[
    'charset=',
    'charset=""',
    'charset="utf-8',
    "charset='utf-8'",
    'charset==utf-8',
    'charset =utf-8',
    'charset= utf-8',
    '=utf-8',
  ].map((parameter) => `application/json; ${parameter}`),
  ...[
    'charset=utf-8;charset=utf-8',
    'charset=utf-8;charset=latin1',
    'charset=latin1;charset=utf-8',
    'charset=utf-8, x',
  ].map((parameters) => `application/json; ${parameters}`),
  'null', 'undefined', '[object Object]', 'application/json\xa0', 'application/js\xf6n',
  'application/json;\xa0charset=utf-8', 'application/json; charset=utf\xe2\x80\x918',
  `application/${'x'.repeat(4000)}`, 'application/json@', '@/json', 'application/(json)',
];

// prettier-ignore
const ENCODINGS_REFUSED = [
  '', 'gzip', 'GZIP', 'x-gzip', 'deflate', 'br', 'zstd', 'compress', '*', 'identity, gzip',
  'gzip, identity', 'aws-chunked', 'identity,identity', 'identity;q=1', 'none', 'null', 'utf-8', '7bit',
  'base64', 'chunked', 'gzip, gzip', '"identity"', ',',
];

/** What the body is said to be. */
export function contentHeaders(): HeaderCase[] {
  return [
    ...TYPES_TAKEN.map((type) => withToken(202, `Content-Type: ${type}`)),
    ...TYPES_REFUSED.map((type) => withToken(415, `Content-Type: ${type}`)),
    withToken(415),
    withToken(415, JSON_TYPE, JSON_TYPE),
    withToken(415, JSON_TYPE, 'Content-Type: text/plain'),
    withToken(415, 'Content-Type: text/plain', JSON_TYPE),
    withToken(415, JSON_TYPE, 'content-type:'),
    ...['identity', 'Identity', 'IDENTITY', ' identity '].map((encoding) =>
      withToken(202, JSON_TYPE, `Content-Encoding: ${encoding}`),
    ),
    ...ENCODINGS_REFUSED.map((encoding) => withToken(415, JSON_TYPE, `Content-Encoding: ${encoding}`)),
    withToken(415, JSON_TYPE, 'Content-Encoding: identity', 'Content-Encoding: gzip'),
    withToken(415, JSON_TYPE, 'Content-Encoding: gzip', 'Content-Encoding: identity'),
  ];
}
