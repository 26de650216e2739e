import { describe, expect, it } from 'vitest';
import { DAY_MS, firstIdOf } from '../database/partitions.js';
import { windowsBefore } from './log-windows.js';

const NOON = Date.UTC(2026, 0, 10, 12);
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

describe('windows of the log', () => {
  it.each([
    { before: null, from: null },
    { before: firstIdOf(NOON), from: null },
    { before: firstIdOf(NOON), from: firstIdOf(NOON - 3 * DAY_MS) },
    { before: firstIdOf(NOON), from: firstIdOf(NOON - 1) },
    { before: firstIdOf(1), from: null },
  ])('have every id from $from to $before in one of them, newest first', ({ before, from }) => {
    const { first, end } = windowsBefore(before, from);
    expect(first).toEqual(first.toSorted().toReversed());
    expect(end.slice(1)).toEqual(first.slice(0, -1));
    expect(end[0]! > firstIdOf(Date.now()) || end[0]).toBe(before ?? true);
    expect(first.at(-1)).toBe(from ?? FIRST_ID);
  });

  it('are none where there is nothing to look at', () => {
    const { first, end } = windowsBefore(firstIdOf(NOON), firstIdOf(NOON + DAY_MS));
    expect(first[0]! > end[0]!).toBe(true);
  });

  it('are a hundred and some however long the log is', () => {
    expect(windowsBefore(null, null).first.length).toBeLessThan(160);
  });
});
