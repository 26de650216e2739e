import fc, { assert } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectJson } from './json-body.js';

const inspect = (body: string | Buffer) => inspectJson(Buffer.from(body as string));
const passes = (eventType: string | null = null) => ({ ok: true, eventType });
const refusal = (problem: string) => ({ ok: false, problem: expect.stringContaining(problem) });
const refusalAt = (byte: number) => ({ ok: false, problem: expect.stringMatching(` at byte ${byte}$`) });

describe('an empty body', () => {
  it.each(['', ' ', '\t', '\n', '\r', ' \t\r\n '.repeat(50)])('%j is refused as empty', (body) => {
    expect(inspect(body)).toEqual(refusal('is empty'));
  });

  it.each(['\u00a0', '\u2028', '\u3000', '\v', '\f', '\0'])('%j is not white space of JSON', (body) => {
    expect(inspect(body)).toEqual(refusal('not valid JSON'));
  });
});

describe('a byte order mark', () => {
  it.each(['', '{}', '[1]', ' ', 'x'])('before %j is refused', (rest) => {
    expect(inspect(`\ufeff${rest}`)).toEqual(refusal('byte order mark'));
  });

  it('inside a string passes, elsewhere it is not JSON', () => {
    expect(inspect('["\ufeff"]')).toEqual(passes());
    expect(inspect(' \ufeff{}')).toEqual(refusal('not valid JSON'));
    expect(inspect('{}\ufeff')).toEqual(refusal('not valid JSON'));
  });

  it('of UTF-16 or UTF-32 is refused as invalid UTF-8', () => {
    for (const bytes of ['fffe7b007d00', 'feff007b007d', 'fffe00007b0000007d000000']) {
      expect(inspect(Buffer.from(bytes, 'hex'))).toEqual(refusal('not valid UTF-8'));
    }
  });
});

describe('malformed UTF-8', () => {
  const classes = {
    'lone continuation': ['80', 'bf', '8080', 'a0', '9f98'],
    'truncated sequence': ['c3', 'e2', 'e282', 'f0', 'f09f', 'f09f98', 'ef', 'efbf', 'efbb'],
    'overlong form': ['c080', 'c1bf', 'c0af', 'e08080', 'e09fbf', 'f0808080', 'f08fbfbf'],
    'encoded surrogate': ['eda080', 'edadbf', 'edb080', 'edbfbf', 'eda080edb080'],
    'past U+10FFFF': ['f4908080', 'f5808080', 'f7bfbfbf', 'f8888080', 'fc8480808080'],
    'impossible byte': ['fe', 'ff', 'fefe', 'c0', 'c1', 'f5'],
    'wrong continuation': ['c341', 'e24182', 'e28241', 'f09f4180', 'efbf41', 'ef41', 'efbfbebf'],
    'Latin-1 text': ['e9', 'fc', 'e4f6fc'],
  };
  const positions: [place: string, before: string, after: string][] = [
    ['at the start', '', '{}'],
    ['in a key', '{"', '":1}'],
    ['in a string', '["', '"]'],
    ['after two-, three- and four-byte characters', '["é€😀', '"]'],
    ['after a real U+FFFD', '["\ufffd', 'x"]'],
    ['after 10,000 bytes', `["${'x'.repeat(10_000)}`, '"]'],
    ['after the document', '{}', ''],
  ];
  const cases = Object.entries(classes).flatMap(([name, sequences]) =>
    sequences.flatMap((hex) => positions.map(([place, ...around]) => ({ name, hex, place, around }))),
  );

  it.each(cases)('$name $hex $place is refused, with its offset', ({ hex, around: [before, after] }) => {
    const body = Buffer.concat([Buffer.from(before), Buffer.from(hex, 'hex'), Buffer.from(after)]);
    const offset = Buffer.byteLength(before);
    // EF BF BE is a valid noncharacter: in that case the stray byte after it is the malformed one.
    const at = hex.startsWith('efbfbe') ? offset + 3 : offset;
    expect(inspect(body)).toEqual(refusalAt(at));
  });

  it.each(['\u0080', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', '\ufffd'])(
    'is not confused with %j, a border of a valid class',
    (character) => {
      expect(inspect(`["${character}"]`)).toEqual(passes());
    },
  );
});

describe('depth', () => {
  const shapes: Record<string, (depth: number) => string> = {
    arrays: (depth) => '['.repeat(depth) + ']'.repeat(depth),
    objects: (depth) => '{"a":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1),
    mixed: (depth) => '[{"a":'.repeat(depth / 2) + (depth % 2 ? '[]' : '1') + '}]'.repeat(depth / 2),
    'siblings first': (depth) =>
      `[${'[],{},'.repeat(depth > 1 ? 300 : 0)}${'['.repeat(depth - 1)}${']'.repeat(depth)}`,
    'brackets in strings': (depth) => '["[{[{\\"[[",'.repeat(depth - 1) + '[]' + ']'.repeat(depth - 1),
    'white space between': (depth) => '[ \n'.repeat(depth) + ' ]'.repeat(depth),
  };
  const cases = Object.keys(shapes).flatMap((shape) =>
    [1, 2, 199, 200, 201, 5_000].map((depth) => ({ shape, depth })),
  );

  it.each(cases)('$shape nested $depth deep', ({ shape, depth }) => {
    const expected = depth > 200 ? refusal('deeper than 200 levels at byte') : passes();
    expect(inspect(shapes[shape]!(depth))).toEqual(expected);
  });

  it('is refused before anything is parsed, at the offending byte', () => {
    expect(inspect('['.repeat(1_000_000))).toEqual(refusalAt(200));
    expect(inspectJson(Buffer.from('[[]]'), 1)).toEqual(refusalAt(1));
  });

  it('does not count brackets in strings', () => {
    expect(inspect(JSON.stringify(['['.repeat(1000), '\\"['.repeat(1000), '{"'.repeat(500)]))).toEqual(
      passes(),
    );
  });

  it('of malformed text is the business of the parser', () => {
    expect(inspect(']'.repeat(300) + '['.repeat(400))).toEqual(refusal('not valid JSON'));
    expect(inspect('["' + '['.repeat(400))).toEqual(refusal('ends too early'));
    expect(inspect('["\\')).toEqual(refusal('ends too early'));
  });
});

describe('values', () => {
  const numbers = [...words('0 -0 1.5 1e400 -1E-400 0.1e+1 9007199254740993 1e999999'), '1'.repeat(400)];
  const strings = words(String.raw`"" "\ud800" "\udc00\ud800" "\u0000" "\/\b\f\n\r\t\"\\"`).concat(
    '"\u2028"',
    '"\x7f"',
  );
  const keys = words(
    String.raw`{"a":1,"a":2} {"":0} {"__proto__":{"a":1}} {"constructor":null} {"\u0061":1,"a":2}`,
  );
  const wellFormed = [...numbers, ...strings, ...keys, ...words('true false null {} []')];

  it.each(wellFormed)('%s passes inside an array, and inside an object', (value) => {
    expect(inspect(`[${value}]`)).toEqual(passes());
    expect(inspect(`{"value":\n${value}\t}`)).toEqual(passes());
  });

  const badNumbers = words('01 - +1 .5 1. 1e 1e+ 0x1F 1_000 NaN Infinity -Infinity 1n --1 00');
  const badStrings = words(String.raw`'a' "\x41" "\u12" "\u12G4" "\a" "a""b"`);
  const rawControls = ['\n', '\t', '\0', '\x1f'].map((control) => `"${control}"`);
  const badWords = words('True nul undefined None a /**/1 \u00a01 \ufeff1 \v1 \f1').concat('// c\n1');
  const badShapes = words('[1,] [,1] {"a"} {"a":} {"a":1,} {a:1} {1:2} {"a"1} [} {] [1]]').concat('[1 2]');
  const malformed = [...badNumbers, ...badStrings, ...rawControls, ...badWords, ...badShapes];

  it.each(malformed)('%j is refused inside an array', (value) => {
    expect(inspect(`[${value}]`)).toEqual(refusal('not valid JSON'));
    expect(inspect(`{"value":${value}}`)).toEqual(refusal('not valid JSON'));
  });

  it.each([...words('{}x []] [1], {}\0 <a/> a=1&b=2 {}// , : } ] "a'), '{} {}'])(
    '%j is refused as a document',
    (body) => expect(inspect(body)).toEqual(refusal('not valid JSON')),
  );

  it.each([...numbers, ...strings, 'true', 'false', 'null'])(
    '%s is refused as a document: a scalar',
    (value) => {
      expect(inspect(` ${value}\n`)).toEqual(refusal('must be a JSON object or array, not '));
    },
  );

  const blanks = ['', ' ', '\t', '\n', '\r', '\r\n', ' \t\r\n'];
  it.each(blanks.flatMap((before) => blanks.map((after) => ({ before, after }))))(
    'white space $before before and $after after a document passes',
    ({ before, after }) => expect(inspect(`${before}{"a":[1,2]}${after}`)).toEqual(passes()),
  );

  it('a syntax problem names the byte, not the character', () => {
    expect(inspect('{"é€😀" 1}')).toEqual(refusalAt(13));
  });
});

describe('the event type', () => {
  const long = '😀'.repeat(255);
  it.each([
    ['{"event_type":"order.created","type":"x"}', 'order.created'],
    ['{"type":"order.created"}', 'order.created'],
    ['{"event_type":7,"type":"x"}', 'x'],
    ['{"event_type":"","type":"x"}', 'x'],
    ['{"event_type":"a\\u0000b","type":"x"}', 'x'],
    ['{"event_type":"a\\nb","type":"a\\u0085b"}', null],
    ['{"event_type":"a\\u007fb","type":"x"}', 'x'],
    ['{"event_type":"\\ud800","type":"x"}', 'x'],
    [JSON.stringify({ event_type: long }), long],
    [JSON.stringify({ event_type: long + 'x' }), null],
    ['{"type":null}', null],
    ['{"event_type":["a"],"type":{"type":"a"}}', null],
    ['{"data":{"type":"a"}}', null],
    ['{"__proto__":{"type":"a"}}', null],
    ['{"type":"first","type":"last"}', 'last'],
    ['[{"type":"a"}]', null],
  ])('of %s is %j', (body, eventType) => {
    expect(inspect(body)).toEqual(passes(eventType));
  });
});

describe('inspectJson, whatever comes,', () => {
  const values = fc.oneof(fc.object(), fc.array(fc.jsonValue()));
  const documents = values.map((value) => Buffer.from(JSON.stringify(value)));
  const agrees = (bytes: Uint8Array) => inspectJson(Buffer.from(bytes)).ok === oracle(bytes);

  it('passes every JSON document', () => {
    assert(
      fc.property(documents, (body) => inspectJson(body).ok),
      { numRuns: 500 },
    );
  });

  it('refuses every truncation of one', () => {
    assert(
      fc.property(documents, fc.nat(), (body, n) => !inspectJson(body.subarray(0, n % body.length)).ok),
      { numRuns: 1000 },
    );
  });

  it('agrees with a strict decoder and JSON.parse on mutated documents', () => {
    assert(
      fc.property(documents, fc.nat(), fc.nat(255), (body, n, byte) => {
        body[n % body.length] = byte;
        return agrees(body);
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws on random bytes', () => {
    assert(fc.property(fc.uint8Array({ maxLength: 200 }), agrees), { numRuns: 2000 });
  });

  it('never repeats the payload', () => {
    expect(JSON.stringify(inspect('{"card":"4111111111111111",secret}'))).not.toMatch(/4111|secret/);
    expect(inspect('[x at position 7]')).toEqual({ ok: false, problem: 'is not valid JSON (RFC 8259)' });
  });
});

function words(list: string): string[] {
  return list.split(' ');
}

function oracle(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}
