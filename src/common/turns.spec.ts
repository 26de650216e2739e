import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

describe('turns', () => {
  it('lets so many work at once, the next when one is done, and sends away who finds too many waiting', async () => {
    const turns = new Turns({ atOnce: 2, waiting: 1 }, () => new Error('too many'));
    const ends: (() => void)[] = [];
    const work = () => new Promise<void>((resolve) => ends.push(resolve));
    const three = [turns.take(work), turns.take(work), turns.take(work)];
    await expect(turns.take(work)).rejects.toThrow('too many');
    expect(ends).toHaveLength(2);
    ends[0]!();
    await three[0];
    expect(ends).toHaveLength(3);
    for (const end of ends) end();
    await Promise.all(three);
    const again = [turns.take(work), turns.take(work)];
    expect(ends).toHaveLength(5);
    for (const end of ends) end();
    await Promise.all(again);
  });

  it('goes on after a failure', async () => {
    const turns = new Turns({ atOnce: 1, waiting: 0 }, () => new Error('too many'));
    await expect(turns.take(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await turns.take(async () => 1)).toBe(1);
  });
});
