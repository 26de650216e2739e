import { type BodyCase, bodyCase, placed } from './case.js';

const PLACES = [
  '@{"a":[1,2]}',
  '{"a":[1,2]}@',
  '{@"a":[1,2]}',
  '{"a"@:[1,2]}',
  '{"a":@[1,2]}',
  '{"a":[@1,2]}',
];
const MORE_PLACES = ['{"a":[1@,2]}', '{"a":[1,@2]}', '{"a":[1,2@]}', '{"a":[1,2]@}', '[@]', '{@}'];

const ALLOWED = [' ', '\t', '\n', '\r', '\r\n', '\n\r', ' \t\n\r', ' '.repeat(3000), '\n'.repeat(3000)];

/** Everything that Unicode or a programming language calls a space, and JSON does not. */
// prettier-ignore
const FOREIGN = [
  '\v', '\f', '\0', '\x08', '\x1b', '\x1c', '\x1d', '\x1e', '\x1f', '\x7f', '\u0085', '\u00a0', '\u1680',
  '\u2000', '\u2001', '\u2002', '\u2003', '\u2004', '\u2005', '\u2006', '\u2007', '\u2008', '\u2009',
  '\u200a', '\u2028', '\u2029', '\u202f', '\u205f', '\u3000', '\u180e', '\u200b', '\u200c', '\u200d',
  '\u2060', '\ufeff', '\u00ad', '\u2800', '\u3164', '\u200e', '\u202e', '\\n', '\\t', '&nbsp;',
];

export function whiteSpace(): BodyCase[] {
  const places = [...PLACES, ...MORE_PLACES];
  // prettier-ignore
  return [
    ...ALLOWED.flatMap((space) => placed(places, space).map((body) => bodyCase(body, true))),
    ...FOREIGN.flatMap((space) => placed(places, space).map((body) => bodyCase(body, false))),
    ...[...ALLOWED, ...FOREIGN, ''].map((space) => bodyCase(space, false)),
    ...[
      '[tr ue]', '[1 2]', '["a" "b"]', '{"a" 1}', '[- 1]', '[1 .5]', '["\n"]', '["\t"]', '{"a\n":1}',
    ].map(
      (body) => bodyCase(body, false),
    ),
    ...['["\u00a0\u3000\u2028\ufeff"]', '{" ":" "}'].map((body) => bodyCase(body, true)),
  ];
}
