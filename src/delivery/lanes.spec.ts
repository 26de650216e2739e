import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Lanes } from './lanes.js';

const destination = (id: string) => ({ id, maxInFlight: 100, rateLimitPerSecond: null, version: 1 });

describe('Lanes', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  const hang = (lanes: Lanes, id: string, deliveries: number) => {
    const lane = lanes.of(destination(id));
    return Array.from({ length: deliveries }, () => lane.tryEnter()!);
  };

  it('leave half of the places to destinations that answer, however many others hang', () => {
    const lanes = new Lanes(20);
    for (const id of ['a', 'b', 'c', 'd', 'e']) hang(lanes, id, 2);
    lanes.of(destination('healthy')).leave(hang(lanes, 'healthy', 1)[0]!);
    expect(lanes.full()).toEqual([]);
    vi.advanceTimersByTime(1100);
    expect(lanes.full()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(lanes.isFull('healthy')).toBe(false);
    expect(lanes.isFull('never seen')).toBe(false);
  });

  it('take slow destinations on as long as half of the places is free of them', () => {
    const lanes = new Lanes(20);
    hang(lanes, 'slow', 1);
    vi.advanceTimersByTime(1100);
    expect(lanes.isFull('slow')).toBe(false);
  });

  it('give a backlog no more than its share', async () => {
    const lanes = new Lanes(100);
    const lane = lanes.of({ ...destination('backlog'), maxInFlight: 1 });
    const entries = Array.from({ length: 49 }, () => lane.enter());
    expect(lanes.isFull('backlog')).toBe(false);
    entries.push(lane.enter());
    expect(lanes.isFull('backlog')).toBe(true);
    lanes.close();
    expect((await Promise.all(entries)).filter(Boolean)).toHaveLength(1);
  });
});
