import { type BodyCase, bodyCase, hex, joined, placed } from './case.js';

const IN_STRINGS = ['["@"]', '{"@":1}', '{"a":"x@y"}'];
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

// prettier-ignore
const VALID_ESCAPES = [
  ...'"\\/bfnrt'.split('').map((kind) => `\\${kind}`), '0000', '0001', '001f', '0020', '0022', '005c', '007f',
  '0080', '00e9', '00E9', '2028', '2029', 'feff', 'd7ff', 'e000', 'fffd', 'fffe', 'ffff', 'FFFF', 'FfFf',
  '202e', '200b', 'd800', 'dbff', 'dc00', 'dfff', 'D83D', 'DE00',
].map((escape) => (escape.length === 4 ? `\\u${escape}` : escape));

// prettier-ignore
const VALID_SEQUENCES = [
  '\\ud83d\\ude00', '\\ude00\\ud83d', '\\ud83d\\ud83d', '\\ude00\\ude00', '\\ud83dx\\ude00',
  '\\ud83d\\\\ude00', '\\\\u', '\\\\\\\\', '\\\\\\"', '\\u005c\\u0022', '\\u0000\\u0000', '\\"\\"\\"',
  'a\\u0000b',
];

// prettier-ignore
const INVALID_ESCAPES = [
  '\\u', '\\u0', '\\u00', '\\u000', '\\u 000', '\\u+000', '\\u-001', '\\u0x41', '\\u{41}', '\\u{1F600}',
  '\\ug000', '\\u0g00', '\\u00g0', '\\u000g', '\\u000G', '\\u000\\n', '\\u00\\u0041', '\\U0041', '\\u００41',
  '\\uD83D\\uDE0', '\\ud83d\\u', '\\', '\\\\\\', '\\x41', '\\101', '\\0', '\\a', '\\e', '\\v', "\\'", '\\é',
  '\\😀', '\\ ', '\\\n', '\\\t', '\\\0', '\\N{DIGIT ONE}', '\\cA',
];

/** Escapes in strings and keys: every byte behind a backslash, every control character without one. */
export function escapes(): BodyCase[] {
  const everywhere = (texts: (string | Buffer)[], isValid?: boolean): BodyCase[] =>
    texts.flatMap((text) => placed(IN_STRINGS, text).map((body) => bodyCase(body, isValid)));
  const backslashed = range(0x00, 0xff).map((byte) => joined('\\', Buffer.of(byte)));
  const controls = range(0x00, 0x1f).map((byte) => Buffer.of(byte));
  // prettier-ignore
  return [
    ...everywhere([...VALID_ESCAPES, ...VALID_SEQUENCES], true),
    ...everywhere(INVALID_ESCAPES, false),
    // A quote ends the string early, the letter u needs digits: the reference knows.
    ...everywhere(backslashed),
    ...everywhere(controls, false),
    ...everywhere(
      [
        '\x7f', '\u0080', '\u009f', '\u2028', '\u2029', '\ufeff', '\uffff', '😀', "'", '`', '/',
      ],
      true,
    ),
    ...[
      '["', '["\\', '["\\"', '["\\u00', '{"a', '["a\\\\\\"]', '[\\"a\\"]', '[\\n]', '["a"\\n]',
    ].map(
      (body) => bodyCase(body, false),
    ),
    bodyCase(hex('5b 22 5c 75 64 38 33 64 22 5d'), true, 'half a pair, as bytes'),
  ];
}
