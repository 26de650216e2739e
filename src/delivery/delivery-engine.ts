import { Injectable } from '@nestjs/common';
import { failpoint } from '../common/fault-injection.js';
import { uuidv7 } from '../common/uuid.js';
import { AppConfig } from '../config/app-config.js';
import { DestinationDirectory } from '../destinations/destination-directory.js';
import type { DeliverableDestination } from '../destinations/destination-reader.js';
import { AttemptMaker } from './attempt-maker.js';
import type { Batch } from './batch.js';
import type { Limits } from './claims.js';
import type { ClaimedDelivery } from './contract.js';
import { type Ending, attempted, putBack, unreadable, whyNot } from './ending.js';
import type { Lane, Place } from './lane.js';
import { Lanes } from './lanes.js';
import type { Outcome } from './outcome.js';
import { type Decision, decide } from './outcome-rules.js';
import { ResultWriter } from './result-writer.js';
import { RetryHints } from './retry-hints.js';
import { Room } from './room.js';
import { type Settled, settledOf } from './settled.js';

const LEASE_MARGIN_MS = 2000;
const MIN_TIMEOUT_MS = 500;
const MAX_CLAIM_BYTES = 16 * 1024 * 1024;
/** What answered 410 gets nothing more while every process hears that it is disabled. */
const GONE_PAUSE_MS = 1000;

/** Makes attempts of claimed deliveries, each destination in its own lane, and records what they come to. */
@Injectable()
export class DeliveryEngine {
  private readonly lanes: Lanes;
  private readonly places: Room;
  private roomAgain: () => void = () => undefined;
  private closing = false;

  constructor(
    private readonly config: AppConfig,
    private readonly directory: DestinationDirectory,
    private readonly attempts: AttemptMaker,
    private readonly writer: ResultWriter,
    private readonly hints: RetryHints,
  ) {
    this.lanes = new Lanes(config.env.WORKER_CONCURRENCY);
    this.places = new Room(config.env.WORKER_CONCURRENCY);
  }

  /** How many more deliveries may be claimed. */
  get room(): number {
    return this.places.left;
  }

  /** Deliveries claimed and not settled yet. */
  get inFlight(): number {
    return this.places.inUse;
  }

  /** Waits for room and takes up to `wanted` of it, to be filled by `claim`; 0 once the engine closes. */
  reserve(wanted: number): Promise<number> {
    return this.places.take(wanted);
  }

  /** Takes room for those of `deliveries` that could be attempted soon, without waiting; to be filled by `start`. */
  reserveNow(deliveries: readonly { id: string; destinationId: string }[]): Set<string> {
    const taken = new Set<string>();
    const rooms = new Map<string, number>();
    const room = this.places.left;
    for (const { id, destinationId } of deliveries) {
      if (taken.size >= room) break;
      const left = rooms.get(destinationId) ?? this.lanes.roomOf(destinationId);
      rooms.set(destinationId, left - 1);
      if (left > 0) taken.add(id);
    }
    this.places.reserve(taken.size);
    return taken;
  }

  /**
   * Claims up to `reserved` deliveries and starts them all; each settles by itself, so nobody waits for another
   * destination. `read` is told what may be claimed now.
   * @param ofOne how many `read` may take of one destination; without it, as many as it likes of those that are not full
   * @returns how many were started.
   */
  async claim(
    reserved: number,
    read: (limits: Limits) => Promise<ClaimedDelivery[]>,
    { ofOne, batch }: { ofOne?: number; batch?: Batch },
  ): Promise<number> {
    let deliveries: ClaimedDelivery[] = [];
    try {
      const maxBytes = Math.max(1, Math.min(this.places.bytesLeft, MAX_CLAIM_BYTES));
      const rooms = ofOne === undefined ? this.lanes.full() : this.lanes.rooms(ofOne);
      deliveries = await read({ rooms, maxBytes });
      if (this.lanes.claimed(deliveries, rooms)) this.roomAgain();
      batch?.grow(deliveries.length);
    } finally {
      this.start(reserved, deliveries, batch);
    }
    return deliveries.length;
  }

  /** Starts deliveries in the room that was reserved for them and gives back what they do not need of it. */
  start(reserved: number, deliveries: readonly ClaimedDelivery[], batch?: Batch): void {
    this.places.giveBack(reserved - deliveries.length);
    for (const delivery of deliveries) void this.run(delivery, batch);
  }

  /** Calls `listener` whenever a destination that was full has room again. */
  onRoomAgain(listener: () => void): void {
    this.roomAgain = listener;
  }

  /** Puts back what waits too long for its destination. Called by each sweep. */
  shed(): void {
    this.lanes.shed();
  }

  /** Starts no attempt any more and waits for those under way; what waits in a lane is put back. */
  async close(): Promise<void> {
    this.closing = true;
    this.lanes.close();
    this.places.close();
    await this.places.emptied();
    await this.writer.idle();
  }

  /**
   * One delivery, from its claim to the record of what came of it. Mostly in one function: thousands are under way, and
   * every promise more lives as long as its attempt.
   */
  private async run(delivery: ClaimedDelivery, batch?: Batch): Promise<void> {
    const bytes = delivery.payload?.length ?? 0;
    this.places.fill(bytes);
    let destination: DeliverableDestination | null = null;
    let ending: Ending | null = null;
    try {
      const found = this.directory.findDeliverable(delivery.destinationId);
      destination = found instanceof Promise ? await found : found;
      ending = whyNot(delivery, destination) ?? (this.closing ? putBack(0) : null);
      if (!ending) {
        const lane = this.lanes.of(destination!);
        let place = lane.tryEnter();
        if (!place) {
          place = await lane.enter();
          // Read again: it may have been paused, edited or deleted while the delivery waited for a place.
          const known = destination;
          const now = this.directory.findDeliverable(delivery.destinationId);
          destination = now instanceof Promise ? await now.catch(() => known) : now;
        }
        ending = place
          ? await this.attempt(delivery, destination, lane, place)
          : putBack(this.closing ? 0 : lane.waitMs);
      }
    } catch (error) {
      destination = null;
      ending = unreadable(error as Error);
    }
    const isOurs = await this.record(delivery, ending);
    // Where this fails, the next delivery is answered 410 too and disables it then; this one was made.
    if (ending.disables)
      await this.directory.disable(delivery.destinationId, ending.disables).catch(() => undefined);
    this.places.empty(bytes);
    this.tell(settledOf(delivery, destination, ending, isOurs), batch);
  }

  private tell(settled: Settled, batch?: Batch): void {
    if (settled.isOurs && settled.next === 'retry') this.hints.send(settled);
    batch?.add(settled);
  }

  /** Makes an attempt in a place of the lane, which is free again before the result is recorded. */
  private async attempt(
    delivery: ClaimedDelivery,
    destination: DeliverableDestination | null,
    lane: Lane,
    place: Place,
  ): Promise<Ending> {
    try {
      const unsendable = whyNot(delivery, destination);
      if (unsendable) return unsendable;
      const wantedMs = destination!.timeoutMs ?? this.config.env.DELIVERY_TIMEOUT_MS;
      const leftMs = delivery.leaseEndsAt - performance.now() - LEASE_MARGIN_MS;
      if (this.closing || leftMs < Math.min(wantedMs, MIN_TIMEOUT_MS)) return putBack(0);
      const startedAt = performance.now();
      const outcome = await this.attempts.make(delivery, destination!, Math.min(wantedMs, leftMs));
      const decision = this.decide(outcome, delivery.attempts + 1);
      if (decision.next === 'retry' && decision.slowDestinationMs) lane.slowDown(decision.slowDestinationMs);
      if (decision.next === 'disable') lane.slowDown(GONE_PAUSE_MS);
      return attempted(decision, delivery.attempts + 1, { id: uuidv7(), startedAt, outcome });
    } finally {
      if (this.lanes.leave(delivery.destinationId, lane, place)) this.roomAgain();
    }
  }

  private decide(outcome: Outcome, attempt: number): Decision {
    const schedule = this.config.env.RETRY_SCHEDULE;
    return decide(outcome, { attempt, maxAttempts: schedule.length, schedule, jitter: Math.random() });
  }

  /** @returns false when its lease had passed to somebody else before. */
  private record(delivery: ClaimedDelivery, ending: Ending): Promise<boolean> {
    const { next, delayMs = 0, reason = null, attempt = null, attempts = delivery.attempts } = ending;
    const { id: deliveryId, leaseToken } = delivery;
    const result = { deliveryId, leaseToken, next, attempts, delayMs, reason, attempt };
    const fault = failpoint(next === 'retry' ? 'retry.before_schedule' : 'result.before_record');
    return fault ? fault.then(() => this.writer.record(result)) : this.writer.record(result);
  }
}
