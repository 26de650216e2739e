import { describe, expect, it } from 'vitest';
import { Lane } from './lane.js';

describe('Lane', () => {
  it('gives as many places as there may be in flight, and the next when one is given back', async () => {
    const lane = new Lane({ maxInFlight: 2, rateLimitPerSecond: null, version: 1 });
    const [first] = await Promise.all([lane.enter(), lane.enter()]);
    let isIn = false;
    const third = lane.enter().then(() => (isIn = true));
    await Promise.resolve();
    expect(isIn).toBe(false);
    lane.leave(first!);
    await third;
    expect(isIn).toBe(true);
  });

  it('is full and keeps nobody waiting while the destination asked to be left alone', async () => {
    const lane = new Lane({ maxInFlight: 32, rateLimitPerSecond: null, version: 1 });
    lane.slowDown(3_600_000);
    expect(lane.room(performance.now())).toBe(0);
    expect(await lane.enter()).toBeNull();
    expect(lane.waitMs).toBeGreaterThan(3_000_000);
  });

  it('is full when its pace would keep more waiting too long, and sends only the newest away', async () => {
    const lane = new Lane({ maxInFlight: 32, rateLimitPerSecond: 5, version: 1 });
    const entries = Array.from({ length: 50 }, () => lane.enter());
    const sentAway = await Promise.race([entries.at(-1)!, entries[0]!.then(() => 'first')]);
    expect(await entries.at(-1)).toBeNull();
    expect(await entries[0]).toMatchObject({ takenAt: expect.any(Number) });
    expect(['first', null]).toContain(sentAway);
    lane.close();
    const admitted = (await Promise.all(entries)).filter((leave) => leave !== null);
    expect(admitted).toHaveLength(1);
  });

  it('has room for what it makes in time, and at least for its places', () => {
    const limits = { maxInFlight: 8, rateLimitPerSecond: null, version: 1 };
    expect(new Lane(limits).room(performance.now())).toBe(800);
    expect(new Lane({ ...limits, rateLimitPerSecond: 5 }).room(performance.now())).toBe(10);
    const lane = new Lane(limits);
    const now = performance.now();
    for (let n = 0; n < 50; n++) {
      const place = lane.tryEnter()!;
      place.takenAt = now - 10_000;
      lane.leave(place);
    }
    expect(lane.room(performance.now())).toBe(8);
    lane.tryEnter();
    expect(lane.room(performance.now())).toBe(7);
  });

  it('forgets what the destination asked for once somebody edited it', async () => {
    const lane = new Lane({ maxInFlight: 1, rateLimitPerSecond: null, version: 1 });
    lane.slowDown(3_600_000);
    lane.update({ maxInFlight: 1, rateLimitPerSecond: null, version: 2 });
    expect(lane.room(performance.now())).toBeGreaterThan(0);
    expect(await lane.enter()).toMatchObject({ takenAt: expect.any(Number) });
  });

  it('sends everybody away when it closes', async () => {
    const lane = new Lane({ maxInFlight: 1, rateLimitPerSecond: null, version: 1 });
    await lane.enter();
    const waiting = lane.enter();
    lane.close();
    expect(await waiting).toBeNull();
  });
});
