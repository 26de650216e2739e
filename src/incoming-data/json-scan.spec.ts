import fc, { assert } from 'fast-check';
import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { eventTypeOf } from './json-body.js';
import { scanJson } from './json-scan.js';

const MAX_DEPTH = 5;
const NOTHING = { event_type: null, type: null };

const scan = (text: string) => scanJson(Buffer.from(text), MAX_DEPTH);

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** What JSON.parse says of the same bytes: null where they are nothing that is accepted. */
function parse(body: Buffer): object | null {
  try {
    const value: unknown = JSON.parse(body.toString());
    const isAccepted = typeof value === 'object' && value !== null && depthOf(value) <= MAX_DEPTH;
    return isAccepted && isUtf8(body) ? value : null;
  } catch {
    return null;
  }
}

/** Whatever is scanned is what JSON.parse takes, and has the same event type. */
function expectAgreement(body: Buffer): void {
  if (!isUtf8(body)) return;
  const scanned = scanJson(body, MAX_DEPTH);
  if (scanned === null) return;
  const parsed = parse(body);
  const text = body.toString();
  expect({ text, type: eventTypeOf(scanned) }).toEqual({ text, type: parsed && eventTypeOf(parsed) });
  expect(parsed).not.toBeNull();
}

describe('a document', () => {
  it.each([
    '{}',
    '[]',
    ' \t\r\n{ }\t\r\n ',
    '[ ]',
    '[null,true,false]',
    '[0,-0,1,-1,10,0.5,-0.25,1e3,1E3,1e+3,1e-3,0e0,120.0625e12]',
    '["","a","é€😀","\\" \\\\ \\/ \\b \\f \\n \\r \\t","\\u0041\\uD83d\\uDe00\\ud800","\u007f"]',
    '{"a":{"b":{"c":{"d":{}}}}}',
    '[[[[[]]]]]',
    '{"a" : [ 1 , { "b" : "c" } ] , "d" : null}',
    '{"__proto__":1,"constructor":2}',
  ])('%s is read without JSON.parse', (text) => {
    expect(scan(text)).toEqual(NOTHING);
    expect(parse(Buffer.from(text))).not.toBeNull();
  });

  it.each([
    '',
    ' ',
    '1',
    '"a"',
    'null',
    'true',
    '{',
    '[',
    '}',
    ']',
    '{]',
    '[}',
    '{}{}',
    '[]x',
    '[1,]',
    '[,1]',
    '[1 2]',
    '{"a":1,}',
    '{,"a":1}',
    '{"a":1 "b":2}',
    '{"a" 1}',
    '{"a":}',
    '{a:1}',
    "{'a':1}",
    '{1:1}',
    '{"a":1',
    '["a',
    '["a]',
    '["\\"]',
    '["\\x"]',
    '["\\u"]',
    '["\\u12"]',
    '["\\u123g"]',
    '["\\u{41}"]',
    '["a\nb"]',
    '["a\tb"]',
    '["a\0b"]',
    '[01]',
    '[-01]',
    '[00]',
    '[-]',
    '[+1]',
    '[.5]',
    '[1.]',
    '[1.e1]',
    '[1e]',
    '[1e+]',
    '[0x1]',
    '[1_0]',
    '[NaN]',
    '[Infinity]',
    '[nul]',
    '[nulL]',
    '[truee]',
    '[tru',
    '[fals',
    '[1]//',
    '[/**/]',
    '\ufeff{}',
    '\u00a0{}',
    '{}\u2028',
    '[[[[[[]]]]]]',
    '{"a":[[[[[]]]]]}',
  ])('%j is left to JSON.parse, which refuses it or finds it too deep', (text) => {
    expect(scan(text)).toBeNull();
    expect(parse(Buffer.from(text))).toBeNull();
  });
});

describe('the event type', () => {
  it.each([
    ['{"event_type":"a"}', { event_type: 'a', type: null }],
    ['{"type":"b"}', { event_type: null, type: 'b' }],
    ['{ "type" : "b" , "event_type" : "a" }', { event_type: 'a', type: 'b' }],
    ['{"event_type":"a","event_type":"c"}', { event_type: 'c', type: null }],
    ['{"event_type":"a","event_type":1}', NOTHING],
    ['{"event_type":1,"event_type":"a"}', { event_type: 'a', type: null }],
    ['{"event_type":{"type":"x"},"types":"x","event_typ":"x"}', NOTHING],
    ['{"data":{"event_type":"x","type":"x"}}', NOTHING],
    ['[{"event_type":"x"}]', NOTHING],
    ['{"event_type":"größe.😀"}', { event_type: 'größe.😀', type: null }],
    ['{"event_type":""}', { event_type: '', type: null }],
    ['{"data":{"\\u0061":"\\n"},"type":"b"}', { event_type: null, type: 'b' }],
  ])('of %s', (text, types) => expect(scan(text)).toEqual(types));

  it.each(['{"event\\u005ftype":"a"}', '{"a\\u0062":1}', '{"event_type":"a\\u0062"}', '{"type":"a\\n"}'])(
    'of %s is left to JSON.parse, because an escape may spell it',
    (text) => {
      expect(scan(text)).toBeNull();
      expect(parse(Buffer.from(text))).not.toBeNull();
    },
  );
});

describe('against JSON.parse', () => {
  const alphabet = [
    ...Array.from('{}[]",:\\/ \t\n0123456789+-.eEabftnrul_'),
    'type',
    'event_type',
    '"type":',
    '\\u00',
    '€',
  ];
  const fragments = fc.array(fc.constantFrom(...alphabet), { maxLength: 24 }).map((parts) => parts.join(''));

  it('agrees on texts made of pieces of JSON', () => {
    assert(
      fc.property(fragments, (text) => expectAgreement(Buffer.from(text))),
      { numRuns: 20_000 },
    );
  });

  it('takes every document without escapes that is not too deep', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('abc é€😀.')), maxLength: 6 });
    const leaf = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: MAX_DEPTH - 1 },
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(text, fc.constantFrom('type', 'event_type')), tie('value'), { maxKeys: 4 }),
      ),
    }));
    const indent = fc.constantFrom(undefined, 1, '\t');
    assert(
      fc.property(value, indent, (document, space) => {
        const body = Buffer.from(JSON.stringify(document, null, space));
        const parsed = parse(body);
        const scanned = scanJson(body, MAX_DEPTH);
        expect(scanned === null).toBe(parsed === null);
        expectAgreement(body);
      }),
      { numRuns: 5000 },
    );
  });

  it('agrees on every document with one byte changed, left out or doubled', () => {
    const text =
      '{"event_type":"user.update","n":[-1.5e+3,0,{"a":null}],"s":"\\u00e9\\n","t":true,"f":false,"type":"x"}';
    const body = Buffer.from(text);
    for (let at = 0; at < body.length; at++) {
      for (let byte = 0; byte < 128; byte++) {
        const changed = Buffer.from(body);
        changed[at] = byte;
        expectAgreement(changed);
      }
      expectAgreement(Buffer.concat([body.subarray(0, at), body.subarray(at + 1)]));
      expectAgreement(Buffer.concat([body.subarray(0, at), body.subarray(at - 1)]));
      expectAgreement(body.subarray(0, at));
    }
  });
});
