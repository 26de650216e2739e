import { describe, expect, it } from 'vitest';
import { Room } from './room.js';

describe('room', () => {
  it('is what was not reserved, told when some is given back, and none once it is closed', async () => {
    const room = new Room(5);
    room.reserve(7);
    expect([room.left, room.inUse]).toEqual([0, 7]);
    const told = Promise.all([room.changed(), room.changed()]);
    room.giveBack(3);
    await told;
    expect([room.left, room.inUse]).toEqual([1, 4]);
    const closed = room.changed();
    room.close();
    await closed;
    expect([room.left, room.inUse]).toEqual([0, 4]);
    const emptied = room.emptied();
    for (let i = 0; i < 4; i++) room.empty(0);
    await emptied;
  });

  it('ends where payloads take too much memory', () => {
    const room = new Room(5);
    room.reserve(2);
    room.fill(100_000_000);
    expect([room.left, room.bytesLeft]).toEqual([3, 34_217_728]);
    room.fill(34_217_728);
    expect(room.left).toBe(0);
    room.empty(100_000_000);
    expect(room.left).toBe(4);
  });

  it('is waited for until there is enough', async () => {
    const room = new Room(100);
    room.reserve(95);
    let taken = 0;
    const taking = room.take(50).then((count) => (taken = count));
    room.giveBack(1);
    await room.take(1);
    expect(taken).toBe(0);
    room.giveBack(20);
    await taking;
    expect([taken, room.left]).toEqual([25, 0]);
    const none = room.take(1);
    room.close();
    expect(await none).toBe(0);
  });
});
