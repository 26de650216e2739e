import { describe, expect, it } from 'vitest';
import { Pace } from './pace.js';

describe('Pace', () => {
  const start = performance.now() + 1000;
  const passes = (pace: Pace, times: number[]) => times.map((now) => pace.pass(start + now));

  it('lets so many pass in a second and tells the next how many it held back', () => {
    const pace = new Pace(2);
    expect(passes(pace, [0, 1, 2, 3, 499])).toEqual([0, 0, null, null, null]);
    expect(passes(pace, [600, 601, 1200])).toEqual([3, null, 1]);
  });

  it('lets a burst pass that is larger, once, until it was quiet for as long as the burst is worth', () => {
    const pace = new Pace(2, 4);
    expect(passes(pace, [0, 0, 0, 0, 0])).toEqual([0, 0, 0, 0, null]);
    expect(passes(pace, [1100, 1100, 1100])).toEqual([1, 0, null]);
    expect(passes(pace, [9000, 9000, 9000, 9000, 9000])).toEqual([1, 0, 0, 0, null]);
  });
});
