import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGetUrl } from './get-url.js';

const BASE = 'https://example.com/hook';
const build = (json: string, url = BASE): string => {
  const result = buildGetUrl(url, Buffer.from(json));
  if ('refused' in result) throw new Error(result.refused);
  return result.url;
};
const pairs = (json: string, url = BASE): [string, string][] => [...new URL(build(json, url)).searchParams];

describe('the URL of a GET', () => {
  it('has the top-level keys as they were written', () => {
    const json = `\t{ "a" : 1.0 , "big":12345678901234567890,"e":1E+2,"t":true,\n"n" : null,"s":"x y&z=ü","u":"\\u00e9\\"" }\n`;
    expect(pairs(json)).toEqual([
      ['a', '1.0'],
      ['big', '12345678901234567890'],
      ['e', '1E+2'],
      ['t', 'true'],
      ['n', 'null'],
      ['s', 'x y&z=ü'],
      ['u', 'é"'],
    ]);
  });

  it('has nested values as the JSON text they were', () => {
    expect(pairs('{"o":{"a" : [1.0, "}]\\"{"]},"l":[ {}, [] ],"z":""}')).toEqual([
      ['o', '{"a" : [1.0, "}]\\"{"]}'],
      ['l', '[ {}, [] ]'],
      ['z', ''],
    ]);
  });

  it('has an array as data', () => {
    expect(pairs(' [1.0, {"a":2}] ')).toEqual([['data', '[1.0, {"a":2}]']]);
  });

  it('keeps repeated and odd keys', () => {
    expect(pairs('{"a":1,"a":2,"":3,"__proto__":4,"a\\"b":5}')).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['', '3'],
      ['__proto__', '4'],
      ['a"b', '5'],
    ]);
  });

  it.each([
    [BASE, `${BASE}?k=v`],
    [`${BASE}?`, `${BASE}?k=v`],
    [`${BASE}?a=%20b`, `${BASE}?a=%20b&k=v`],
    [`${BASE}?a=b&`, `${BASE}?a=b&k=v`],
  ])('appends to %s', (url, expected) => {
    expect(build('{"k":"v"}', url)).toBe(expected);
  });

  it('stays the same for an empty object', () => {
    expect(build('{ }')).toBe(BASE);
  });

  it('is refused past 6 KiB, encoding included', () => {
    const room = 6144 - `${BASE}?k=`.length;
    expect(build(`{"k":"${'v'.repeat(room)}"}`)).toHaveLength(6144);
    for (const json of [
      `{"k":"${'v'.repeat(room + 1)}"}`,
      `{"k":"${'ü'.repeat(room / 2)}"}`,
      `{${Array.from({ length: 2000 }, (_, i) => `"k${i}":1`).join()}}`,
      `[${'1,'.repeat(500_000)}1]`,
    ])
      expect(buildGetUrl(BASE, Buffer.from(json))).toEqual({ refused: expect.stringContaining('6 KiB') });
  });

  it('brings every string back', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 12 });
    const objects = fc.dictionary(texts, texts, { maxKeys: 5, noNullPrototype: true });
    fc.assert(
      fc.property(objects, fc.constantFrom(0, 2), (data, indent) => {
        expect(pairs(JSON.stringify(data, null, indent))).toEqual(Object.entries(data));
      }),
    );
  });

  it('brings every other value back as JSON of the same meaning', () => {
    const objects = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), {
      maxKeys: 4,
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(objects, (data) => {
        const rebuilt = pairs(JSON.stringify(data)).map(([key, text]) =>
          typeof data[key] === 'string' ? text : (JSON.parse(text) as unknown),
        );
        expect(rebuilt).toEqual(Object.values(JSON.parse(JSON.stringify(data)) as object));
      }),
    );
  });

  it('has U+FFFD for half of a surrogate pair', () => {
    expect(pairs('{"a":"\\ud800"}')).toEqual([['a', '\ufffd']]);
  });
});
