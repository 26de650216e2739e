import { describe, expect, it } from 'vitest';
import { stateOf } from './event-state.js';
import { type StatusCounts, countByStatus } from './status-counts.js';

const counts = (some: Partial<StatusCounts>): StatusCounts => ({ ...countByStatus([]), ...some });

describe('the state of an event', () => {
  it.each(['delivered', 'pending', 'retrying', 'held', 'failed', 'cancelled'] as const)(
    'is %s when every delivery is',
    (name) => expect(stateOf(2, counts({ [name]: 2 }))).toBe(name),
  );

  it('is mixed when they differ', () => {
    expect(stateOf(2, counts({ delivered: 1, failed: 1 }))).toBe('mixed');
  });

  it('is unrouted when no destination matched', () => expect(stateOf(0, counts({}))).toBe('unrouted'));

  it('is incomplete when a matched destination has no delivery', () => {
    expect(stateOf(2, counts({ delivered: 1 }))).toBe('incomplete');
    expect(stateOf(1, counts({}))).toBe('incomplete');
  });

  it('comes from the deliveries alone once the event is not kept any more', () => {
    expect(stateOf(null, counts({ delivered: 3 }))).toBe('delivered');
    expect(stateOf(null, counts({}))).toBe('removed');
  });
});
