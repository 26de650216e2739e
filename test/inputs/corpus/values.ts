import type { Schema } from './operations.js';
import { BAD_TIMES } from './times.js';
import { UNSTORABLE } from './texts.js';

const NESTED = JSON.parse(`${'['.repeat(150)}1${']'.repeat(150)}`) as unknown;
// prettier-ignore
const NOT_TEXT = [
  1, 0, -1.5, true, false, [], {}, ['x'], { x: 1 }, [null], [[]], NESTED, { length: 3 }, { toString: 1 },
];

// prettier-ignore
const BAD_EMAILS = [
  '', ' ', 'ann', '@', 'ann@', '@example.com', 'ann@@example.com', 'ann@exa mple.com', 'an n@example.com',
  'ann@example', 'ann@.com', 'ann@example..com', '.ann@example.com', 'ann.@example.com', 'ann@-example.com',
  'ann@example.com,bob@example.com', 'Ann <ann@example.com>', 'mailto:ann@example.com',
  'ann@example.com\r\nBcc: x@example.com', 'ann@\u202eexample.com', 'ann@127.0.0.1', 'ann@[127.0.0.1]',
  `${'a'.repeat(65)}@example.com`, `ann@${'a'.repeat(64)}.com`, `${'a'.repeat(60)}@${'b.'.repeat(120)}com`,
  '=1+1@x', ...UNSTORABLE,
];

// prettier-ignore
export const BAD_UUIDS = [
  '', ' ', 'x', '0', 'null', '{01920000-0000-7000-8000-000000000000}',
  'urn:uuid:01920000-0000-7000-8000-000000000000', '01920000000070008000000000000000',
  '01920000-0000-7000-8000-00000000000', '01920000-0000-7000-8000-0000000000000',
  '01920000-0000-7000-8000-00000000000g', ' 01920000-0000-7000-8000-000000000000',
  '01920000-0000-7000-8000-000000000000 ', '01920000-0000-7000-8000-000000000000\0', "' OR 1=1 --",
  '01920000-0000-7000-8000-000000000000,01920000-0000-7000-8000-000000000001',
];

/** JSON values that a field of this schema must refuse; `null` unless it is allowed. */
export function badValues(schema: Schema): unknown[] {
  const nothing = schema.nullable ? [] : [null];
  return [...nothing, ...badOf(schema)];
}

function badOf({
  type,
  format,
  enum: values,
  minimum,
  maximum,
  minLength = 1,
  maxLength,
  maxItems,
  items,
  oneOf,
}: Schema): unknown[] {
  // Any object or list, as a payload is.
  if (oneOf) return ['', 'x', '{}', 0, 1, -1.5, true, false];
  if (values)
    return [
      ...NOT_TEXT,
      '',
      ' ',
      'x',
      `${String(values[0])} `,
      `${String(values[0])},${String(values[0])}`,
      'null',
      '*',
    ];
  switch (type) {
    case 'integer':
      return [
        '',
        '1',
        'x',
        '1e2',
        1.5,
        -0.5,
        1e300,
        2 ** 53,
        true,
        [],
        [1],
        {},
        NESTED,
        ...(minimum === undefined ? [] : [minimum - 1]),
        ...(maximum === undefined ? [] : [maximum + 1]),
      ];
    case 'boolean':
      return ['', 'true', 'false', 'yes', 0, 1, [], [true], {}, NESTED];
    case 'array': {
      const inside =
        String(items?.type) === 'string'
          ? [[1], [null], [{}], [['x']], [true], [''], ['\0'], ['a\ud800'], [NESTED]]
          : [];
      const tooMany =
        maxItems === undefined ? [] : [Array.from({ length: maxItems + 1 }, (_, index) => `x${index}`)];
      return ['', 'x', 1, true, {}, { 0: 'x', length: 1 }, ...inside, ...tooMany];
    }
    case 'object':
      // prettier-ignore
      return [
        '', 'x', 1, true, [], ['x'], [['a', 'b']], { a: 1 }, { a: null }, { a: {} }, { a: ['x'] },
        { a: NESTED }, { '': 'x' }, { 'a b': 'x' }, { a: 'x\r\ny' },
      ];
    default:
      return [...NOT_TEXT, ...badTexts(format, minLength, maxLength)];
  }
}

function badTexts(format: string | undefined, minLength: number, maxLength: number | undefined): string[] {
  const tooLong =
    maxLength === undefined ? [] : ['x'.repeat(maxLength + 1), 'é'.repeat(maxLength + 1), 'x'.repeat(20_000)];
  const tooShort = minLength > 0 ? [''] : [];
  switch (format) {
    case 'email':
      return [...BAD_EMAILS, ...tooLong];
    case 'uuid':
      return BAD_UUIDS;
    case 'date-time':
      return BAD_TIMES;
    case 'uri':
      return [
        '',
        'x',
        'example.com',
        'ftp://example.com',
        'javascript:alert(1)',
        'http://',
        'https:///x',
        'data:text/html,x',
        'http://exa mple.com',
        ...tooLong,
      ];
    case 'password':
      return [...tooShort, ...tooLong];
    default:
      return [...tooShort, ...tooLong, ...UNSTORABLE];
  }
}

/** Texts that a query parameter of this schema must refuse. */
export function badQueryValues(
  name: string,
  { type, format, enum: values, minimum, maximum, maxLength }: Schema,
): string[] {
  if (name === 'cursor') return BAD_CURSORS;
  if (values)
    return [
      '',
      ' ',
      'x',
      `${String(values[0])},${String(values[1] ?? values[0])}`,
      `${String(values[0])}x`,
      'null',
      '*',
      '\0',
    ];
  if (type === 'integer') {
    const outside = [
      ...(minimum === undefined ? [] : [minimum - 1]),
      ...(maximum === undefined ? [] : [maximum + 1]),
    ].map(String);
    return [
      '',
      ' ',
      'x',
      '+1',
      '-1',
      '1.0',
      '1.5',
      '1e2',
      '0x10',
      '1 2',
      '1,2',
      '１',
      '١',
      'NaN',
      'null',
      'true',
      '99999999999999999999',
      '1\0',
      ...outside,
    ];
  }
  if (format === 'uuid') return BAD_UUIDS;
  if (format === 'date-time') return BAD_TIMES;
  return ['a\0b', '\0', ...(maxLength === undefined ? [] : ['x'.repeat(maxLength + 1)])];
}

const cursorOf = (id: string): string => Buffer.from(id, 'latin1').toString('base64url');
const ID = '01920000-0000-7000-8000-000000000000';

// prettier-ignore
const BAD_CURSORS = [
  '', ' ', 'x', 'null', '0', '-1', '[]', '{}', ID, "'", "' OR 1=1 --", '\0', '%', '../..', 'AAAA', '=',
  '====', 'eyJpZCI6MX0', '😀', cursorOf(ID).slice(0, -1), cursorOf(ID).slice(1), `${cursorOf(ID)}=`,
  cursorOf(ID).toLowerCase(),
  ...[
    '', 'x', ID.slice(1), `${ID}0`, ID.replaceAll('-', ''), ID.replace('0', 'A'), ID.replace('1', 'g'),
    `{${ID}}`, `${ID}\0`, `${ID}\n`,
  ].map(cursorOf),
  `${cursorOf(ID)}${cursorOf(ID)}`, cursorOf("' OR 1=1 --                         "), 'x'.repeat(101),
  Buffer.from(ID).toString('hex').slice(0, 100),
  ...Array.from({ length: 48 }, (_, cut) => cursorOf(ID).slice(0, cut)),
];
