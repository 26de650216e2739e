import { expect, it } from 'vitest';
import { uuidv7 } from '../common/uuid.js';
import { RecentIds } from './recent-ids.js';

it('knows what was seen lately, and nothing else', () => {
  const recent = new RecentIds();
  const seen = Array.from({ length: 1000 }, () => uuidv7());
  const others = Array.from({ length: 1000 }, () => uuidv7());
  expect(seen.some((id) => recent.has(id))).toBe(false);
  for (const id of seen) recent.add(id);
  // Some push others out of their places.
  expect(seen.filter((id) => recent.has(id)).length).toBeGreaterThan(950);
  expect(recent.has(seen.at(-1)!)).toBe(true);
  expect(others.some((id) => recent.has(id))).toBe(false);
});

it('forgets what was seen long ago', () => {
  const recent = new RecentIds();
  const old = Array.from({ length: 1000 }, () => uuidv7());
  for (const id of old) recent.add(id);
  for (let i = 0; i < 500_000; i++) recent.add(uuidv7());
  expect(old.filter((id) => recent.has(id)).length).toBeLessThan(10);
});
