import { describe, expect, it } from 'vitest';
import { type Linked, LinkedList } from './linked-list.js';

interface Item extends Linked<Item> {
  name: string;
}

const item = (name: string): Item => ({ name, previous: null, next: null });
const names = (list: LinkedList<Item>) => Array.from(list, ({ name }) => name);

describe('LinkedList', () => {
  it('keeps the order of arrival, whoever leaves', () => {
    for (const leaving of [[0], [1], [2], [0, 2], [2, 1], [0, 1, 2]]) {
      const items = ['a', 'b', 'c'].map(item);
      const list = new LinkedList<Item>();
      items.forEach((one) => list.add(one));
      leaving.forEach((index) => list.remove(items[index]!));
      const left = items.filter((_, index) => !leaving.includes(index));
      expect(names(list)).toEqual(left.map(({ name }) => name));
      expect(list.first).toBe(left[0] ?? null);
      expect(list.size).toBe(left.length);
      list.add(item('d'));
      expect(names(list)).toEqual([...left.map(({ name }) => name), 'd']);
    }
  });

  it('leaves nothing in what left it', () => {
    const list = new LinkedList<Item>();
    const [first, second] = [item('first'), item('second')];
    list.add(first);
    list.add(second);
    list.remove(first);
    expect(first).toEqual(item('first'));
    list.add(first);
    expect(names(list)).toEqual(['second', 'first']);
  });

  it('is walked while its items leave', () => {
    const list = new LinkedList<Item>();
    ['a', 'b', 'c'].forEach((name) => list.add(item(name)));
    const seen: string[] = [];
    for (const one of list) {
      seen.push(one.name);
      list.remove(one);
    }
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(list.size).toBe(0);
  });

  it('is walked to its end when an item leaves before its turn', () => {
    const list = new LinkedList<Item>();
    const items = ['a', 'b', 'c'].map(item);
    items.forEach((one) => list.add(one));
    const seen: string[] = [];
    for (const one of list) {
      seen.push(one.name);
      if (one === items[0]) list.remove(items[1]!);
    }
    expect(seen).toContain('c');
  });
});
