import { describe, expect, it } from 'vitest';
import { TextFilter, bitsOf } from './text-filter.js';

const filterOf = (...texts: string[]): TextFilter => {
  const filter = new TextFilter();
  for (const text of texts) filter.add(text);
  return filter;
};

const mayHave = (filter: TextFilter, text: string): boolean =>
  bitsOf(text).every((bit) => filter.bytes[bit >> 3]! & (1 << (bit & 7)));

describe('a filter of texts', () => {
  it('has every part of its texts, in either case', () => {
    const text = '{"name":"Ünïque Ångström ΣΊΣΥΦΟΣ straße 東京タワー 😀😃","id":"ORD-48213"}';
    const filter = filterOf(text);
    const characters = Array.from(text);
    const parts = characters.flatMap((_, start) =>
      [3, 4, 7, 20].map((length) => characters.slice(start, start + length).join('')),
    );
    const spellings = parts.flatMap((part) => [part, part.toLowerCase(), part.toUpperCase()]);
    // Where a letter becomes two, as that in Strasse does, the database takes them for different ones as well.
    const same = spellings.filter((spelling, n) => spelling.length === parts[Math.floor(n / 3)]!.length);
    expect(same.filter((spelling) => !mayHave(filter, spelling))).toEqual([]);
  });

  it('rules out nearly every text that is not there', () => {
    const filter = filterOf(
      ...Array.from({ length: 30 }, (_, n) => `{"number":"ORD-${n * 7919}","city":"Berlin"}`),
    );
    const absent = Array.from({ length: 1000 }, (_, n) => `x${(n * 104_729).toString(36)}y`);
    expect(absent.filter((text) => mayHave(filter, text)).length).toBeLessThan(10);
    expect(mayHave(filter, 'ilreB')).toBe(false);
  });

  it('is full before it says yes to everything', () => {
    const filter = new TextFilter();
    let texts = 0;
    while (!filter.isFull)
      filter.add(`${(texts++ * 7_919_777).toString(36)}-${(texts * 104_729_777).toString(36)}`);
    expect(texts).toBeGreaterThan(50);
    const absent = Array.from({ length: 1000 }, (_, n) => `#${String.fromCodePoint(0x100 + n)}#?`);
    expect(absent.filter((text) => mayHave(filter, text)).length).toBeLessThan(100);
  });
});
