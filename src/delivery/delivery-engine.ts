import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AppConfig } from '../config/app-config.js';
import { DestinationDirectory } from '../destinations/destination-directory.js';
import type { DeliverableDestination } from '../destinations/destination-reader.js';
import { AttemptMaker } from './attempt-maker.js';
import type { ClaimedDelivery } from './claims.js';
import { Lane } from './lane.js';
import { decide } from './outcome-rules.js';
import type { DeliveryResult } from './result-statement.js';
import { ResultWriter } from './result-writer.js';
import { RetryHints } from './retry-hints.js';
import type { Settled } from './settled.js';

const LEASE_MARGIN_MS = 2000;
const MIN_TIMEOUT_MS = 500;
const MAX_PUT_BACK_MS = 60_000;
const UNREADABLE_WAIT_MS = 5000;
const MAX_IDLE_LANES = 2000;

/** Makes attempts of claimed deliveries, each destination in its own lane, and records what they come to. */
@Injectable()
export class DeliveryEngine {
  private readonly lanes = new Map<string, Lane>();
  private readonly whenRoom: (() => void)[] = [];
  private claimed = 0;
  private closing = false;

  constructor(
    private readonly config: AppConfig,
    private readonly directory: DestinationDirectory,
    private readonly attempts: AttemptMaker,
    private readonly writer: ResultWriter,
    private readonly hints: RetryHints,
  ) {}

  /** How many more deliveries may be claimed. */
  get room(): number {
    return this.closing ? 0 : Math.max(0, this.config.env.WORKER_CONCURRENCY - this.claimed);
  }

  async waitForRoom(): Promise<void> {
    while (this.room === 0 && !this.closing)
      await new Promise<void>((resolve) => this.whenRoom.push(resolve));
  }

  /** Waits for room and takes up to `wanted` of it, to be filled by `start`; 0 once the engine closes. */
  async reserve(wanted: number): Promise<number> {
    await this.waitForRoom();
    const reserved = Math.min(wanted, this.room);
    this.claimed += reserved;
    return reserved;
  }

  /**
   * Claims up to `reserved` deliveries and starts them all; each promise settles by itself, so nobody waits for
   * another destination. `claim` is told of which destinations nothing more should be claimed now.
   */
  async start(
    reserved: number,
    claim: (busyDestinations: string[]) => Promise<ClaimedDelivery[]>,
  ): Promise<Promise<Settled>[]> {
    let deliveries: ClaimedDelivery[] = [];
    try {
      deliveries = await claim(this.busyDestinations());
    } finally {
      this.claimed -= reserved - deliveries.length;
      this.wake();
    }
    return deliveries.map((delivery) => this.deliver(delivery).finally(() => this.leave()));
  }

  /** Puts back what waits too long for its destination. Called once a second. */
  shed(): void {
    for (const lane of this.lanes.values()) lane.shed();
  }

  /** Starts no attempt any more and waits for those under way; what waits in a lane is put back. */
  async close(): Promise<void> {
    this.closing = true;
    this.wake();
    for (const lane of this.lanes.values()) lane.close();
    while (this.claimed > 0) await new Promise<void>((resolve) => this.whenRoom.push(resolve));
    await this.writer.idle();
  }

  private leave(): void {
    this.claimed--;
    this.wake();
  }

  private wake(): void {
    for (const resolve of this.whenRoom.splice(0)) resolve();
  }

  private busyDestinations(): string[] {
    const busy: string[] = [];
    for (const [id, lane] of this.lanes) {
      if (lane.isFull) busy.push(id);
      else if (lane.isIdle && this.lanes.size > MAX_IDLE_LANES) this.lanes.delete(id);
    }
    return busy;
  }

  private async deliver(delivery: ClaimedDelivery): Promise<Settled> {
    let destination: DeliverableDestination | null = null;
    try {
      destination = await this.directory.findDeliverable(delivery.destinationId);
    } catch (error) {
      const reason = `The destination could not be read: ${(error as Error).message}.`;
      return this.settle(delivery, null, { next: 'release', delayMs: UNREADABLE_WAIT_MS, reason });
    }
    const unsendable = whyNot(delivery, destination);
    if (unsendable) return this.settle(delivery, destination, unsendable);
    const lane = this.laneOf(destination!);
    const leave = this.closing ? null : await lane.enter();
    if (!leave) return this.settle(delivery, destination, putBack(this.closing ? 0 : lane.waitMs));
    try {
      return await this.attempt(delivery, destination!, lane);
    } finally {
      leave();
    }
  }

  private async attempt(
    delivery: ClaimedDelivery,
    known: DeliverableDestination,
    lane: Lane,
  ): Promise<Settled> {
    // Read again: it may have been paused, edited or deleted while the delivery waited for a place.
    const destination = await this.directory.findDeliverable(delivery.destinationId).catch(() => known);
    const unsendable = whyNot(delivery, destination);
    if (unsendable) return this.settle(delivery, destination, unsendable);
    const wantedMs = destination!.timeoutMs ?? this.config.env.DELIVERY_TIMEOUT_MS;
    const leftMs = delivery.leaseEndsAt - performance.now() - LEASE_MARGIN_MS;
    if (this.closing || leftMs < Math.min(wantedMs, MIN_TIMEOUT_MS))
      return this.settle(delivery, destination, putBack(0));
    const startedAt = performance.now();
    const outcome = await this.attempts.make(delivery, destination!, Math.min(wantedMs, leftMs));
    return this.conclude(delivery, destination!, lane, { id: uuidv7(), startedAt, outcome });
  }

  private async conclude(
    delivery: ClaimedDelivery,
    destination: DeliverableDestination,
    lane: Lane,
    attempt: NonNullable<DeliveryResult['attempt']>,
  ): Promise<Settled> {
    const schedule = this.config.env.RETRY_SCHEDULE;
    const number = delivery.attempts + 1;
    const decision = decide(attempt.outcome, {
      attempt: number,
      maxAttempts: schedule.length,
      schedule,
      jitter: Math.random(),
    });
    if (decision.next === 'retry' && decision.slowDestinationMs) lane.slowDown(decision.slowDestinationMs);
    // Where this fails, the next delivery is answered 410 too and disables it then; this one was made.
    if (decision.next === 'disable')
      await this.directory.disable(destination.id, decision.reason).catch(() => undefined);
    return this.settle(delivery, destination, {
      next: decision.next === 'disable' ? 'failed' : decision.next,
      attempts: number,
      delayMs: decision.next === 'retry' ? decision.delayMs : 0,
      reason: 'reason' in decision ? decision.reason : null,
      attempt,
    });
  }

  private async settle(
    delivery: ClaimedDelivery,
    destination: DeliverableDestination | null,
    ending: Ending,
  ): Promise<Settled> {
    const { next, delayMs = 0, reason = null, attempt = null, attempts = delivery.attempts } = ending;
    const isOurs = await this.writer.record({
      deliveryId: delivery.id,
      leaseToken: delivery.leaseToken,
      next,
      attempts,
      delayMs,
      reason,
      attempt,
    });
    const settled = {
      delivery,
      next,
      attempts,
      delayMs,
      reason,
      outcome: attempt?.outcome ?? null,
      destination,
    };
    if (isOurs && next === 'retry') this.hints.send(settled);
    return settled;
  }

  private laneOf(destination: DeliverableDestination): Lane {
    const lane = this.lanes.get(destination.id);
    if (!lane) {
      const created = new Lane(destination);
      this.lanes.set(destination.id, created);
      return created;
    }
    lane.update(destination);
    return lane;
  }
}

type Ending = Pick<DeliveryResult, 'next'> &
  Partial<Pick<DeliveryResult, 'attempts' | 'delayMs' | 'reason' | 'attempt'>>;

/** Back to the others, due when its destination is expected to have a place. */
const putBack = (delayMs: number): Ending => ({
  next: 'release',
  delayMs: Math.min(delayMs, MAX_PUT_BACK_MS),
});

/** What to do instead of sending; null when nothing stands in the way. */
function whyNot(delivery: ClaimedDelivery, destination: DeliverableDestination | null): Ending | null {
  if (!destination || destination.deleted)
    return { next: 'cancelled', reason: 'The destination was deleted.' };
  if (delivery.payload === null)
    return { next: 'cancelled', reason: 'The event was removed by retention before it could be delivered.' };
  if (destination.state !== 'active') return { next: 'hold' };
  return null;
}
