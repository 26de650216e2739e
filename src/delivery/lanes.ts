import { Lane, type LaneLimits, type Place } from './lane.js';

const RECOUNT_MS = 100;
/** Deliveries: claiming so many takes little more than claiming one, and as long as attempting them. */
const WORTH_CLAIMING = 128;

/**
 * The lanes of all destinations, and what each may take of the places of this process: half of them stays with
 * destinations that answer quickly, however many others hang, and no backlog of one takes the share of another.
 */
export class Lanes {
  private readonly byDestination = new Map<string, Lane>();
  /** Those of them that have something under way or were asked to wait, and some that had a moment ago. */
  private readonly busy = new Map<string, Lane>();
  private countedAt = -Infinity;
  private slowShareIsTaken = false;
  private readonly refused = new Set<string>();
  private fairShare: number;

  constructor(private readonly places: number) {
    this.fairShare = places / 2;
  }

  /** To be entered before anything else may run: an idle lane is soon forgotten among the busy ones. */
  of(destination: LaneLimits & { id: string }): Lane {
    const known = this.byDestination.get(destination.id);
    known?.update(destination);
    const lane = known ?? new Lane(destination);
    if (!known) this.byDestination.set(destination.id, lane);
    this.busy.set(destination.id, lane);
    return lane;
  }

  /** How many deliveries more may be taken on for this destination now. */
  roomOf(destinationId: string): number {
    const lane = this.byDestination.get(destinationId);
    if (!lane) return this.places;
    const now = performance.now();
    this.recount(now);
    const room = this.roomIn(lane, now);
    if (room === 0) this.refused.add(destinationId);
    return room;
  }

  /** Those that can take no more now: looked for among the busy ones, however many others there are. */
  full(): Map<string, number> {
    const now = performance.now();
    this.recount(now);
    const rooms = new Map<string, number>();
    for (const [id, lane] of this.busy) {
      if (lane.isIdle(now)) this.busy.delete(id);
      else if (this.roomIn(lane, now) === 0) {
        this.refused.add(id);
        rooms.set(id, 0);
      }
    }
    return rooms;
  }

  /** What every destination may still take on that `wanted` deliveries would fill; those long idle are forgotten. */
  rooms(wanted: number): Map<string, number> {
    const now = performance.now();
    this.recount(now);
    const rooms = new Map<string, number>();
    for (const [id, lane] of this.byDestination) {
      if (lane.isForgettable(now)) {
        this.byDestination.delete(id);
        this.busy.delete(id);
        this.refused.delete(id);
        continue;
      }
      if (lane.isIdle(now)) this.busy.delete(id);
      const room = this.roomIn(lane, now);
      if (room === 0) this.refused.add(id);
      if (room <= wanted && room < this.places) rooms.set(id, room);
    }
    return rooms;
  }

  /**
   * `rooms` is what was given to whoever claimed these: one that has no more room now is full, it may have more.
   * @returns true when a destination that was full has got room meanwhile, so that some were left for nothing.
   */
  claimed(deliveries: readonly { destinationId: string }[], rooms: ReadonlyMap<string, number>): boolean {
    const now = performance.now();
    const left = new Map(rooms);
    for (const { destinationId } of deliveries) {
      const room = left.get(destinationId);
      if (room !== undefined) left.set(destinationId, room - 1);
    }
    for (const [id, room] of left) {
      const lane = this.byDestination.get(id);
      const taken = rooms.get(id)! - room;
      // Somebody else may have claimed for it meanwhile.
      if (lane && taken > 0 && taken >= Math.min(rooms.get(id)!, this.roomIn(lane, now)))
        this.refused.add(id);
    }
    return [...rooms].some(([id, room]) => room === 0 && this.roomOf(id) > 0);
  }

  /** How many destinations are known. */
  get size(): number {
    return this.byDestination.size;
  }

  /**
   * Gives a place back.
   * @returns true when a destination that was full has room again for as many as it has, or for many.
   */
  leave(destinationId: string, lane: Lane, place: Place): boolean {
    lane.leave(place);
    if (!this.refused.has(destinationId)) return false;
    if (this.roomIn(lane, performance.now()) < Math.min(lane.size, WORTH_CLAIMING)) return false;
    return this.refused.delete(destinationId);
  }

  shed(): void {
    for (const lane of this.busy.values()) lane.shed();
  }

  close(): void {
    for (const lane of this.byDestination.values()) lane.close();
  }

  private roomIn(lane: Lane, now: number): number {
    if (this.slowShareIsTaken && lane.size > 0 && lane.isSlow(now)) return 0;
    const share = lane.isWaitedFor ? Math.floor(this.fairShare) - lane.size : this.places;
    return Math.max(0, Math.min(lane.room(now), share));
  }

  private recount(now: number): void {
    if (now - this.countedAt < RECOUNT_MS) return;
    this.countedAt = now;
    let slow = 0;
    let waitedFor = 0;
    for (const lane of this.busy.values()) {
      if (lane.size === 0) continue;
      if (lane.isSlow(now)) slow += lane.size;
      if (lane.isWaitedFor) waitedFor++;
    }
    this.slowShareIsTaken = slow >= this.places / 2;
    this.fairShare = this.places / (waitedFor + 1);
  }
}
