import { v7 as uuidv7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { timeOf } from '../database/partitions.js';
import { deliveriesEndBefore, looksLikeReplay, newReplayId } from './delivery-ids.js';

const WEEKS_AGO = Date.UTC(2026, 0, 31, 23, 59, 59, 999);

describe('ids of replays', () => {
  const event = uuidv7({ msecs: WEEKS_AGO });
  const replays = Array.from({ length: 1000 }, () => newReplayId(event));

  it('are among those of the event, however late they are made', () => {
    for (const id of replays) {
      expect(id > event && id < deliveriesEndBefore(event)).toBe(true);
      expect(timeOf(id)).toBe(WEEKS_AGO + 1);
    }
  });

  it('are all different UUIDs of version 7', () => {
    expect(new Set(replays).size).toBe(replays.length);
    for (const id of replays)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('are told from nearly all others and sort behind them', () => {
    const others = Array.from({ length: 1000 }, () => uuidv7({ msecs: WEEKS_AGO + 1 }));
    const misleading = others.filter(looksLikeReplay);
    expect(replays.every(looksLikeReplay)).toBe(true);
    expect(misleading.length).toBeLessThan(20);
    const last = others
      .filter((id) => !misleading.includes(id))
      .sort()
      .at(-1)!;
    expect(replays.every((id) => id > last)).toBe(true);
  });
});
