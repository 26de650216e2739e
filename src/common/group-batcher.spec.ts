import { describe, expect, it } from 'vitest';
import { GroupBatcher } from './group-batcher.js';

/** A batcher whose writes end when the test says so. */
function createBatcher(limits: { maxItems?: number; maxBytes?: number } = {}) {
  const writes: { items: string[]; end: (error?: Error) => void }[] = [];
  const batcher = new GroupBatcher<string, string>({
    write: (items) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => (error ? reject(error) : resolve(items.map((item) => `${item}!`)));
        writes.push({ items, end });
      }),
    maxItems: limits.maxItems ?? 4,
    maxBytes: limits.maxBytes ?? 1000,
    sizeOf: (item) => item.length,
    maxFlushes: 1,
  });
  return { batcher, writes };
}

describe('items that belong together', () => {
  it('are written in one batch, though it has room for only some of them', async () => {
    const { batcher, writes } = createBatcher();
    void batcher.add('first');
    const alone = [batcher.add('a'), batcher.add('b')];
    const together = batcher.addTogether(['c', 'd', 'e']);
    const after = batcher.add('f');
    writes[0]!.end();
    await expect.poll(() => writes.length).toBe(2);
    expect(writes[1]!.items).toEqual(['a', 'b']);
    writes[1]!.end();
    await expect.poll(() => writes.length).toBe(3);
    expect(writes[2]!.items).toEqual(['c', 'd', 'e', 'f']);
    writes[2]!.end();
    expect(await Promise.all(alone)).toEqual(['a!', 'b!']);
    expect(await together).toEqual(['c!', 'd!', 'e!']);
    expect(await after).toBe('f!');
  });

  it.each([{ maxItems: 2 }, { maxBytes: 2 }])(
    'are a batch of their own where they exceed %o',
    async (limits) => {
      const { batcher, writes } = createBatcher(limits);
      void batcher.add('x');
      const together = batcher.addTogether(['a', 'b', 'c', 'd']);
      void batcher.add('y');
      writes[0]!.end();
      await expect.poll(() => writes.length).toBe(2);
      expect(writes[1]!.items).toEqual(['a', 'b', 'c', 'd']);
      writes[1]!.end();
      expect(await together).toEqual(['a!', 'b!', 'c!', 'd!']);
      expect(batcher.waitingBytes).toBe(0);
    },
  );

  it('fail together', async () => {
    const { batcher, writes } = createBatcher();
    const together = batcher.addTogether(['a', 'b']);
    writes[0]!.end(new Error('no reply'));
    await expect(together).rejects.toThrow('no reply');
  });

  it('count with their bytes while they wait', () => {
    const { batcher } = createBatcher();
    void batcher.add('under way');
    void batcher.addTogether(['abc', 'de']);
    expect(batcher.waitingBytes).toBe(5);
  });
});
