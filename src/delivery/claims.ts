import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { failpoint } from '../common/fault-injection.js';
import { FIRST_ID } from '../common/uuid.js';
import { AppConfig } from '../config/app-config.js';
import { type Parameter, queryBatch } from '../database/batch-query.js';
import { intArray, uuidArray } from '../database/binary-arrays.js';
import { DeliveryPool, ResultPool } from '../database/pools.js';
import { CLAIM_BY_ID, CLAIM_DUE, type ClaimedRow } from './claim-statements.js';
import type { ClaimedDelivery } from './contract.js';
import { type Payload, payloadOf } from './payload.js';
import { RecentIds } from './recent-ids.js';

const LEAST_PER_DESTINATION = 64;
/** How long the sweeper leaves a due row to the job that was sent for it, unless jobs have left some or all is quiet. */
const JOB_HEAD_START_SECONDS = 0.9;

/** What a walk saw, whatever it took of it. */
interface Seen {
  candidates: number;
  destinations: number;
  lastDestination: string;
}

const NOTHING_SEEN: Seen = { candidates: 0, destinations: 0, lastDestination: FIRST_ID };

/** Only for a process that knows to be the only one: after a crash nothing then waits for a lease to end. */
export async function endAllLeases(pool: Pool): Promise<void> {
  await pool.query(
    'UPDATE deliveries SET lease_token = NULL, lease_until = NULL WHERE lease_token IS NOT NULL',
  );
}

interface Lease {
  token: string;
  seconds: number;
  /** performance.now() of its end. */
  endsAt: number;
}

/** What a process can take on now. */
export interface Limits {
  /** By destination, of those that are full or that this claim might fill: how many deliveries more. */
  rooms: Map<string, number>;
  /** Of payloads; one delivery is claimed whatever its size. */
  maxBytes: number;
}

@Injectable()
export class Claims {
  /** Where the last walk ended; the next begins behind it. */
  private walkedTo = FIRST_ID;
  private lastDestinations = 1;
  /** False once a walk has seen every destination and left nothing because of its size or of how much was asked for. */
  isUnderWay = false;
  /** The last walk saw all there was, however new, and found nothing to claim. */
  hasLeftNothing = false;
  /** No lease was given since the last walk began: no job is on its way to what is due. */
  private isQuiet = false;
  /** How many jobs have not claimed all that they name, which nobody but the sweeper will; of how many it has all. */
  private leftBy = 0;
  private sweptOf = 0;
  private readonly recent = new RecentIds();

  constructor(
    private readonly pool: DeliveryPool,
    private readonly resultPool: ResultPool,
    private readonly config: AppConfig,
  ) {}

  /**
   * Claims these deliveries, as far as they are open, free, not of a full destination, and fit.
   * @param ids as this product made them
   * @param attempts claims only deliveries with so many attempts behind them; null takes all.
   */
  async byId(
    ids: string[],
    { rooms, maxBytes }: Limits,
    attempts: number | null,
  ): Promise<ClaimedDelivery[]> {
    if (ids.length === 0) return [];
    const fullDestinations = [...rooms].filter(([, room]) => room === 0).map(([id]) => id);
    const values = [uuidArray(ids), uuidArray(fullDestinations), textOf(attempts)];
    const { claimed } = await this.claim(CLAIM_BY_ID, this.newLease(), maxBytes, values);
    if (claimed.length < ids.length) this.leave();
    return claimed;
  }

  /** Some are due that no job names, or that its job has left: the sweeper takes them however new they are. */
  leave(): void {
    this.leftBy++;
  }

  /** Those that this process has not claimed lately: of a backlog, jobs name what the sweeper took long since. */
  notTaken(ids: string[]): string[] {
    return ids.filter((id) => !this.recent.has(id));
  }

  /** How many of one destination a walk claims of up to `limit`: some, and where there are few destinations, more. */
  mostOfOne(limit: number): number {
    return Math.max(LEAST_PER_DESTINATION, Math.floor(limit / this.lastDestinations));
  }

  /**
   * Claims up to `limit` deliveries that have been due for a moment, or for any time where jobs have left some or all is
   * quiet: of each destination as many as it has room for, and no more than `mostOfOne` says.
   */
  async due(limit: number, { rooms, maxBytes }: Limits): Promise<ClaimedDelivery[]> {
    const each = this.mostOfOne(limit);
    const { leftBy } = this;
    const headStart = leftBy > this.sweptOf || this.isQuiet ? 0 : JOB_HEAD_START_SECONDS;
    const lease = this.newLease();
    this.isUnderWay = false;
    this.hasLeftNothing = false;
    // A walk that takes nothing gives no lease.
    this.isQuiet = true;
    const [destinations, left] = [uuidArray([...rooms.keys()]), intArray([...rooms.values()])];
    const values = [destinations, `${each}`, `${headStart}`, `${limit}`, this.walkedTo, left];
    const { claimed, seen } = await this.claim(CLAIM_DUE, lease, maxBytes, values);
    const { candidates } = seen;
    if (claimed.length > 0) this.isQuiet = false;
    this.lastDestinations = Math.max(1, seen.destinations);
    this.walkedTo = seen.lastDestination;
    this.isUnderWay = candidates >= limit || claimed.length < candidates || hasAny(claimed, each);
    // Of a destination that is full some may be left still.
    const isAll = claimed.length === 0 && !this.isUnderWay && [...rooms.values()].every((room) => room > 0);
    this.hasLeftNothing = headStart === 0 && isAll;
    if (this.hasLeftNothing) this.sweptOf = leftBy;
    return claimed;
  }

  /** Made before the statement that takes it, so that our idea of the lease ends before the database's. */
  newLease(): Lease {
    this.isQuiet = false;
    const seconds = this.config.env.LEASE_SECONDS;
    return { token: randomUUID(), seconds, endsAt: performance.now() + seconds * 1000 };
  }

  /** Ends the lease on these deliveries, so that whoever claims them next has them. */
  async release(leaseToken: string, ids: string[]): Promise<void> {
    await this.resultPool.query(
      `UPDATE deliveries SET lease_token = NULL, lease_until = NULL
       WHERE id = ANY($2::uuid[]) AND lease_token = $1`,
      [leaseToken, ids],
    );
  }

  private async claim(
    statement: { name: string; text: string },
    { token, seconds, endsAt }: Lease,
    maxBytes: number,
    values: Parameter[],
  ): Promise<{ claimed: ClaimedDelivery[]; seen: Seen }> {
    const own = [token, `${seconds}`, `${maxBytes}`];
    const rows = await queryBatch<ClaimedRow>(this.pool, statement, [...own, ...values]);
    if (rows.length > 0) await failpoint('claim.after');
    const payloads = payloadsOf(rows);
    const claimed = rows.map(([id, event, eventId, accountId, destinationId, attempts]): ClaimedDelivery => {
      this.recent.add(id);
      return {
        id,
        event,
        accountId,
        destinationId,
        attempts: Number(attempts),
        leaseToken: token,
        leaseEndsAt: endsAt,
        eventId,
        payload: payloads.get(event) ?? null,
      };
    });
    return { claimed, seen: seenOf(rows) };
  }
}

const textOf = (number: number | null): string | null => (number === null ? null : `${number}`);

/** By event: deliveries of one event share its payload. */
function payloadsOf(rows: readonly ClaimedRow[]): Map<string, Payload> {
  const payloads = new Map<string, Payload>();
  for (const [, event, , , , , payload] of rows)
    if (payload !== null) payloads.set(event, payloadOf(payload));
  return payloads;
}

function seenOf(rows: readonly ClaimedRow[]): Seen {
  for (const [, , , , , , , candidates, destinations, lastDestination] of rows)
    if (lastDestination !== null)
      return { candidates: Number(candidates), destinations: Number(destinations), lastDestination };
  return NOTHING_SEEN;
}

/** Whether one destination has so many of them. */
function hasAny(deliveries: readonly ClaimedDelivery[], count: number): boolean {
  const counts = new Map<string, number>();
  return deliveries.some(({ destinationId }) => {
    const more = (counts.get(destinationId) ?? 0) + 1;
    counts.set(destinationId, more);
    return more >= count;
  });
}
