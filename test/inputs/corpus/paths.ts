const ID = '01920000-0000-7000-8000-000000000000';

/** Segments in the place of an id, as they are written in the address, with the answer where the path exists. */
// prettier-ignore
export const BAD_IDS: [segment: string, status: number][] = [
  'abc', '0', '-1', '1e3', 'null', 'undefined', 'NaN', 'true', '*', '@', '~', '.hidden', 'a;b=c', 'a,b',
  '[object%20Object]', '(id)', ':accountId', '$1', '%00', `${ID}%00`, `%00${ID}`, '%20', `%20${ID}`,
  `${ID}%20`, `${ID}%0a`, `%0d%0a${ID}`, '%09', '%7f', '%1b%5b31m', '%e2%80%ae', '%ef%bb%bf',
  '..%2f..%2fetc%2fpasswd', '%2e%2e%2f', '..%5c', '%2f', `${ID}%2f`, `%2f${ID}`, '%252e%252e%252f', '%2500',
  '....%2f%2f', '%5c', '%27', '%27%20OR%201%3d1--', '%22', '%3cscript%3e', '%24%7bjndi%3aldap%7d',
  '%F0%9F%98%80', '%C3%A9', '%EF%BC%90%EF%BC%91', '%e0%b9%80', `%7b${ID}%7d`, `urn:uuid:${ID}`,
  ID.replaceAll('-', ''), ID.slice(1), `${ID}0`, ID.replace('0', 'g'), `${ID}-${ID}`, '-'.repeat(36),
  '0'.repeat(36), ID, '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'x'.repeat(300), 'x'.repeat(9000), '%41'.repeat(300),
]
  .map((segment): [string, number] => [segment, 404])
  .concat(
    [
      '%', '%f', '%zz', '%ff', '%c0%ae', '%E0%A4%A', '%ed%a0%80', '%f5%80%80%80', '%u0041', 'x%', '%%',
      '%-1', '%c3',
    ].map((segment) => [segment, 400]),
  );

/** Values of Authorization; `<token>` is a good access token. None of them signs in. */
// prettier-ignore
export const BAD_AUTHORIZATIONS = [
  '', ' ', 'Bearer', 'Bearer ', 'Bearer  ', 'Bearer x', 'Bearer null', 'Bearer undefined', 'Bearer .',
  'Bearer ..', 'Bearer a.b.c', 'Basic Og==', '<token>', 'Basic <token>', 'Token <token>', 'JWT <token>',
  'Bearer<token>', 'Bearer:<token>', 'Bearer=<token>', 'Bearer "<token>"', 'Bearer <token>x',
  'Bearer <token> x', 'Bearer <token>,', 'Bearer <token>, Bearer <token>', 'Bearer x<token>',
  'Bearer <token>.', 'Bearer <token>==', 'Negotiate <token>', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.',
  'Bearer {"alg":"none"}', 'Bearer \xff\xfe', `Bearer ${'x'.repeat(8000)}`, 'Digest username="x"', 'dp_x',
  'Bearer dp_x', 'Bearer dp_',
];

/** Values of If-Match that name no version of the destination. */
// prettier-ignore
export const STALE_TAGS = [
  '"0"', '"999"', 'W/"1"', '1', '', '""', '"', '"1', '1"', "'1'", '"1x"', '"x"', '"01x"', '"-1"', '"1.0"',
  '"1e0"', '" 1"', '"1 "', '"99999999999999999999"', '"\xff"', '"*"', '**', 'x', ',', '"2","3"',
  '"2", W/"1"', 'null', '\\"1\\"', `"${'1'.repeat(2000)}"`, `${'"7",'.repeat(500)}"8"`, '"1;"', '[1]',
];
