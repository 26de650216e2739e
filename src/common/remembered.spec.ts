import { describe, expect, it } from 'vitest';
import { Remembered } from './remembered.js';

describe('a remembered value', () => {
  it('is read once for callers of the same time, and again only when it is old', async () => {
    let reads = 0;
    const fresh = new Remembered(async () => ++reads, 60_000);
    expect(await Promise.all([fresh.get(), fresh.get(), fresh.get()])).toEqual([1, 1, 1]);
    expect(await fresh.get()).toBe(1);
    const old = new Remembered(async () => ++reads, 0);
    expect([await old.get(), await old.get()]).toEqual([2, 3]);
  });

  it('does not remember a failure', async () => {
    let reads = 0;
    const value = new Remembered(async () => {
      if (++reads === 1) throw new Error('away');
      return reads;
    }, 60_000);
    await expect(value.get()).rejects.toThrow('away');
    expect(await value.get()).toBe(2);
  });
});
