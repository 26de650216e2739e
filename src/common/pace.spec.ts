import { describe, expect, it } from 'vitest';
import { Pace } from './pace.js';

describe('Pace', () => {
  it('lets so many pass in a second and tells the next how many it held back', () => {
    const pace = new Pace(2);
    expect([0, 1, 2, 3, 999].map((now) => pace.pass(1000 + now))).toEqual([0, 0, null, null, null]);
    expect([1000, 1001, 1002].map((now) => pace.pass(1000 + now))).toEqual([3, 0, null]);
  });
});
