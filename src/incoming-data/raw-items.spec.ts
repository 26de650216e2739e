import fc, { assert } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RawItem, type RawMember, membersOf, splitItems } from './raw-items.js';

const sliceItems = (body: string): (RawMember[] | null)[] =>
  (splitItems(Buffer.from(body)) as RawItem[]).map(({ bytes }) => membersOf(bytes));

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const blank = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** Text of a JSON string as producers may write it: escapes of any kind, brackets, quotes, any script. */
const rawString = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\\"',
        '\\\\',
        '\\/',
        '\\u0000',
        '\\ud800',
        '\\u00E9',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        'é',
        '😀',
      ),
      fc.stringMatching(/^[ -!#-[\]-~]{0,5}$/),
    ),
    { maxLength: 6 },
  )
  .map((parts) => `"${parts.join('')}"`);

const rawNumber = fc.constantFrom('0', '-0.0', '1.0', '1E+2', '1e400', '12345678901234567890', '0.1000');

const { value: rawValue } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    rawNumber,
    rawString,
    fc.constantFrom('true', 'false', 'null'),
    tie('object'),
    tie('array'),
  ),
  array: fc
    .array(fc.tuple(blank, tie('value'), blank), { maxLength: 4 })
    .map((items) => `[${items.map((parts) => parts.join('')).join(',') || ' '}]`),
  object: fc
    .array(fc.tuple(blank, rawString, blank, tie('value'), blank), { maxLength: 4 })
    .map(
      (members) => `{${members.map(([a, key, b, value, c]) => `${a}${key}${b}:${b}${value}${c}`).join(',')}}`,
    ),
}));

const members = fc.array(fc.tuple(rawString, rawValue), { maxLength: 4 });
const item = fc.oneof(
  members,
  rawValue.filter((text) => !text.startsWith('{')),
);

describe('the items of a batch', () => {
  it('come with the very bytes of every value, whatever stands around them', () => {
    assert(
      fc.property(fc.array(item, { maxLength: 5 }), blank, blank, (items, a, b) => {
        const texts = items.map((one) =>
          typeof one === 'string'
            ? one
            : `{${a}${one.map(([key, value]) => `${key}${b}:${a}${value}${b}`).join(`${b},${a}`)}}`,
        );
        const body = `${a}[${b}${texts.join(`${a},${b}`)}${a}]${b}`;
        JSON.parse(body);
        const sliced = sliceItems(body);
        expect(sliced.map((one) => one?.map(({ key, value }) => [key, value.toString()]) ?? null)).toEqual(
          items.map((one) =>
            typeof one === 'string' ? null : one.map(([key, value]) => [JSON.parse(key), value]),
          ),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('are JSON where the body is, and there alone', () => {
    const damaged = fc
      .tuple(
        fc.array(rawValue, { maxLength: 4 }),
        fc.nat(),
        fc.constantFrom('', ',', '[', ']', '{', '}', '"', ':', '0', ' '),
      )
      .map(([values, at, put]) => {
        const text = `[${values.join()}]`;
        const index = 1 + (at % text.length);
        return text.slice(0, index) + put + text.slice(index + (at % 2));
      });
    assert(
      fc.property(damaged, (text) => {
        const items = splitItems(Buffer.from(text));
        const isJson = typeof items !== 'string' && items.every(({ bytes }) => parses(bytes.toString()));
        expect({ text, isJson }).toEqual({ text, isJson: parses(text) });
      }),
      { numRuns: 3000 },
    );
  });

  it('of an array without any are none', () => {
    expect(sliceItems(' [ \n] ')).toEqual([]);
  });

  it('have their keys as JSON reads them, and repeated ones twice', () => {
    const [first] = sliceItems('[{"d\\u0061ta":1,"data":[2 ]}]');
    expect(first!.map(({ key, value }) => [key, value.toString()])).toEqual([
      ['data', '1'],
      ['data', '[2 ]'],
    ]);
  });
});
