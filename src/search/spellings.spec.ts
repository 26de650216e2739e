import { describe, expect, it } from 'vitest';
import { spellingsOf } from './spellings.js';

describe('spellings of a text in JSON', () => {
  it.each([
    ['plain', ['plain']],
    ['say "hi"', ['say "hi"', String.raw`say \"hi\"`]],
    [String.raw`C:\x`, [String.raw`C:\x`, String.raw`C:\\x`]],
    ['Zoë', ['Zoë', String.raw`Zo\u00eb`]],
    ['😀', ['😀', String.raw`\ud83d\ude00`]],
    ['a/b', ['a/b', String.raw`a\/b`]],
    ['a\tb', ['a\tb', String.raw`a\tb`]],
    ['é/"', ['é/"', String.raw`é/\"`, String.raw`\u00e9/\"`, String.raw`\u00e9\/\"`]],
  ])('of %j are %j', (text, spellings) => {
    expect(spellingsOf(text)).toEqual(spellings);
  });
});
