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
    const withoutRoom = () =>
      ['a', 'b', 'c', 'd', 'e', 'healthy', 'new'].filter((id) => lanes.roomOf(id) === 0);
    expect(withoutRoom()).toEqual([]);
    vi.advanceTimersByTime(1100);
    expect(withoutRoom()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect([...lanes.full().keys()]).toEqual(withoutRoom());
    expect([...lanes.rooms(0).keys()]).toEqual(withoutRoom());
  });

  it('take slow destinations on as long as half of the places is free of them', () => {
    const lanes = new Lanes(20);
    hang(lanes, 'slow', 1);
    vi.advanceTimersByTime(1100);
    expect(lanes.roomOf('slow')).toBeGreaterThan(0);
  });

  it('give a backlog no more than its share', async () => {
    const lanes = new Lanes(100);
    const lane = lanes.of({ ...destination('backlog'), maxInFlight: 1 });
    const entries = Array.from({ length: 49 }, () => lane.enter());
    expect(lanes.roomOf('backlog')).toBe(1);
    entries.push(lane.enter());
    expect(lanes.roomOf('backlog')).toBe(0);
    lanes.close();
    expect((await Promise.all(entries)).filter(Boolean)).toHaveLength(1);
  });

  it('forget destinations that answer quickly once they are idle for long', () => {
    const lanes = new Lanes(100);
    const quick = lanes.of(destination('quick'));
    const slow = lanes.of(destination('slow'));
    const [left, kept] = [quick.tryEnter()!, slow.tryEnter()!];
    lanes.leave('quick', quick, left);
    vi.advanceTimersByTime(60_000);
    lanes.leave('slow', slow, kept);
    lanes.of(destination('asked to wait')).slowDown(60_000);
    hang(lanes, 'busy', 1);
    lanes.rooms(0);
    expect(lanes.size).toBe(3);
    vi.advanceTimersByTime(61_000);
    lanes.rooms(0);
    expect(lanes.size).toBe(2);
    expect(lanes.of(destination('slow'))).toBe(slow);
  });

  it('tell only of those that would be filled, however many others there are', () => {
    const lanes = new Lanes(1000);
    for (let n = 0; n < 3000; n++) hang(lanes, `${n}`, n === 7 ? 98 : 0);
    vi.advanceTimersByTime(1900);
    expect([...lanes.rooms(1)]).toEqual([]);
    expect([...lanes.rooms(7)]).toEqual([['7', 7]]);
  });

  it('look for full ones among those that are busy or were asked to wait', () => {
    const lanes = new Lanes(20);
    const again = lanes.of({ ...destination('again'), maxInFlight: 1 });
    lanes.leave('again', again, again.tryEnter()!);
    const asked = lanes.of(destination('asked to wait'));
    const place = asked.tryEnter()!;
    asked.slowDown(60_000);
    lanes.leave('asked to wait', asked, place);
    expect([...lanes.full().keys()]).toEqual(['asked to wait']);
    lanes.of({ ...destination('again'), maxInFlight: 1 }).tryEnter();
    vi.advanceTimersByTime(3000);
    expect([...lanes.full().keys()].sort()).toEqual(['again', 'asked to wait']);
    expect([...lanes.rooms(0).keys()].sort()).toEqual(['again', 'asked to wait']);
    vi.advanceTimersByTime(60_000);
    expect([...lanes.full().keys()]).toEqual(['again']);
  });

  it('tell when a destination that was full has room for as many as it has', () => {
    const lanes = new Lanes(20);
    const lane = lanes.of({ ...destination('one'), maxInFlight: 4 });
    const places = [1, 2, 3, 4].map(() => lane.tryEnter()!);
    vi.advanceTimersByTime(3000);
    expect(lanes.roomOf('one')).toBe(0);
    expect(places.map((place) => lanes.leave('one', lane, place))).toEqual([false, true, false, false]);
  });

  it('tell it early enough of one with many, so that they are not through before the next are claimed', () => {
    const lanes = new Lanes(2000);
    const lane = lanes.of({ ...destination('one'), maxInFlight: 500 });
    const places = Array.from({ length: 500 }, () => lane.tryEnter()!);
    vi.advanceTimersByTime(3000);
    expect(lanes.roomOf('one')).toBe(0);
    const told = places.map((place) => lanes.leave('one', lane, place));
    expect(told.indexOf(true)).toBe(127);
  });

  it('tell it too when a claim took what little room there was', () => {
    const lanes = new Lanes(20);
    const lane = lanes.of({ ...destination('one'), maxInFlight: 4 });
    const places = [1, 2, 3].map(() => lane.tryEnter()!);
    vi.advanceTimersByTime(3000);
    const rooms = lanes.rooms(1);
    expect([...rooms]).toEqual([['one', 1]]);
    const claimed = [{ destinationId: 'another' }, { destinationId: 'one' }];

    lanes.claimed(claimed.slice(0, 1), rooms);
    places.push(lane.tryEnter()!);
    expect(lanes.leave('one', lane, places.pop()!)).toBe(false);
    lanes.claimed(claimed, rooms);
    places.push(lane.tryEnter()!);

    expect(places.map((place) => lanes.leave('one', lane, place))).toEqual([false, true, false, false]);
  });

  it('tell at once when it has got room while somebody claimed who was told that there is none', () => {
    const lanes = new Lanes(20);
    const lane = lanes.of({ ...destination('one'), maxInFlight: 4 });
    const places = [1, 2, 3, 4].map(() => lane.tryEnter()!);
    vi.advanceTimersByTime(3000);
    const rooms = lanes.rooms(1);
    expect([...rooms]).toEqual([['one', 0]]);
    expect(lanes.claimed([], rooms)).toBe(false);
    for (const place of places) lanes.leave('one', lane, place);
    expect(lanes.claimed([], rooms)).toBe(true);
  });
});
