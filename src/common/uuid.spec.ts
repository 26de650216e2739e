import { validate, version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { uuidv7 } from './uuid.js';

const timeOf = (id: string): number => Number.parseInt(id.replace('-', '').slice(0, 12), 16);

describe('uuidv7', () => {
  it('makes ids that others recognise as UUIDv7, each another one', () => {
    const ids = Array.from({ length: 10_000 }, () => uuidv7());
    expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('carries the time it is asked for, at either end of the range too', () => {
    for (const msecs of [
      0,
      1,
      255,
      2 ** 24 - 1,
      2 ** 24,
      2 ** 32 - 1,
      2 ** 32,
      1_763_769_600_000,
      1_763_769_600_001,
      2 ** 48 - 1,
    ])
      expect(timeOf(uuidv7(msecs))).toBe(msecs);
  });

  it('carries each time, by turns too', () => {
    expect([5, 6, 5, 6].map((msecs) => timeOf(uuidv7(msecs)))).toEqual([5, 6, 5, 6]);
  });

  it('carries this moment when asked for none', () => {
    const before = Date.now();
    const made = timeOf(uuidv7());
    expect(made).toBeGreaterThanOrEqual(before);
    expect(made).toBeLessThanOrEqual(Date.now());
  });

  it('orders ids of one millisecond where asked to', () => {
    const ids = [0, 1, 15, 16, 499, 4095].map((seq) => uuidv7(1, seq));
    expect(ids.toSorted()).toEqual(ids);
    expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  });

  it('leaves every random bit to chance', () => {
    const hex = Array.from({ length: 2000 }, () => uuidv7(0).replaceAll('-', ''));
    for (let digit = 13; digit < 32; digit++) {
      const seen = new Set(hex.map((id) => id[digit]));
      expect(seen.size).toBe(digit === 16 ? 4 : 16);
    }
  });
});
