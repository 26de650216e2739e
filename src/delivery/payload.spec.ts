import { expect, it } from 'vitest';
import { payloadOf } from './payload.js';

it.each(['', '\0', '\x7f', '{"a":1}', 'x'.repeat(14_336)])(
  'leaves short ASCII the text it is, %#',
  (text) => {
    expect(payloadOf(text)).toBe(text);
  },
);

it.each(['é', '\ufeff{}', '😀', '\ud800', 'x'.repeat(14_337)])(
  'makes bytes of any other text, %#',
  (text) => {
    expect(payloadOf(text)).toEqual(Buffer.from(text));
  },
);
