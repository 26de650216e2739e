import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { failpoint } from '../common/fault-injection.js';
import { FIRST_ID } from '../common/uuid.js';
import { AppConfig } from '../config/app-config.js';
import { DeliveryPool, ResultPool } from '../database/pools.js';
import type { ClaimedDelivery } from './contract.js';
import { payloadOf } from './payload.js';
import { RecentIds } from './recent-ids.js';

const IS_FREE = `status <> 'held' AND (lease_token IS NULL OR lease_until < now())`;

/**
 * Takes the lease on the rows that `candidates` locks, as many as `$3` bytes of payload allow and at least one, in
 * turns of the destinations, and reads what an attempt needs. A payload is valid UTF-8, or it would not have been
 * accepted, so it travels as text: half of what `bytea` takes on the wire.
 * Payloads are joined: read by a subquery in the select list they crashed PostgreSQL 18.4, under load, where it pruned
 * the partitions of events.
 * @param last the destination that a walk through them has come to
 */
const claiming = (candidates: string, last = 'NULL') => `
  WITH RECURSIVE ${candidates}, fitting AS (
    SELECT id FROM (
      SELECT id, sum(payload_bytes) OVER (ORDER BY turn, id) - payload_bytes AS bytes_before
      FROM (
        SELECT *, row_number() OVER (PARTITION BY destination_id ORDER BY due_at) AS turn FROM candidate
      ) in_turns
    ) weighed WHERE bytes_before < $3
  ), claimed AS (
    UPDATE deliveries SET lease_token = $1, lease_until = now() + make_interval(secs => $2)
    WHERE id IN (SELECT id FROM fitting)
    RETURNING id, event, event_id, account_id, destination_id, attempts
  ), seen AS MATERIALIZED (
    SELECT count(*)::integer AS candidates, count(DISTINCT destination_id)::integer AS destinations,
      ${last} AS last_destination, (SELECT id FROM claimed LIMIT 1) AS told_with
    FROM candidate
  )
  SELECT c.*, convert_from(e.payload, 'UTF8') AS payload,
    seen.candidates, seen.destinations, seen.last_destination
  FROM claimed c LEFT JOIN seen ON seen.told_with = c.id LEFT JOIN events e ON e.account_id = c.account_id AND e.id = c.event`;

const CLAIM_BY_ID = {
  name: 'claim_deliveries',
  text: claiming(`candidate AS (
    SELECT id, destination_id, payload_bytes, due_at FROM deliveries
    WHERE id = ANY($4::uuid[]) AND ${IS_FREE} AND destination_id <> ALL($5::uuid[])
      AND ($6::integer IS NULL OR attempts = $6)
    FOR UPDATE SKIP LOCKED
  )`),
};

/** Goes from destination to destination through the index, with a step for each, whatever is due to it. */
const walk = (name: string, from: string, within: string) => `
  ${name} AS (
    (SELECT destination_id AS id FROM deliveries WHERE ${from} ORDER BY destination_id LIMIT 1)
    UNION ALL
    SELECT (SELECT destination_id FROM deliveries WHERE destination_id > ${name}.id AND ${within}
            ORDER BY destination_id LIMIT 1)
    FROM ${name} WHERE ${name}.id IS NOT NULL
  )`;

/**
 * Walks through all destinations, first those beyond `$8`, taking some of what is due from each, so that one with a
 * large backlog hides nobody: up to `$5`, and of those in `$4` what `$9` says. `$6` leaves the newest to the job that was
 * sent for them. Rooms are looked up and not joined, which could change the order of the walk.
 */
const CLAIM_DUE = {
  name: 'claim_due_deliveries',
  text: claiming(
    `${walk('ahead', 'destination_id > $8', 'true')}, ${walk('behind', 'destination_id <= $8', 'destination_id <= $8')},
    candidate AS (
      SELECT due.*, destination.id AS destination_id
      FROM (SELECT id FROM ahead UNION ALL SELECT id FROM behind) destination
      CROSS JOIN LATERAL (
        SELECT id, payload_bytes, due_at FROM deliveries
        WHERE destination_id = destination.id AND due_at <= now() - make_interval(secs => $6) AND ${IS_FREE}
        ORDER BY due_at LIMIT least($5, ($9::integer[])[array_position($4::uuid[], destination.id)])
        FOR UPDATE SKIP LOCKED
      ) due
      LIMIT $7
    )`,
    'coalesce(max(destination_id::text) FILTER (WHERE destination_id <= $8), max(destination_id::text))',
  ),
};

const LEAST_PER_DESTINATION = 64;
/** What a walk saw, whatever it took of it. */
interface Seen {
  candidates: number;
  destinations: number;
  last_destination: string;
}

type ClaimedRow = { [name in keyof Seen]: Seen[name] | null } & {
  id: string;
  event: string;
  event_id: string;
  account_id: string;
  destination_id: string;
  attempts: number;
  payload: string | null;
};

/** One row of a claim tells it, the others have nulls there. */
const tellsWhatWasSeen = (row: ClaimedRow): row is ClaimedRow & Seen => row.candidates !== null;

const NOTHING_SEEN: Seen = { candidates: 0, destinations: 0, last_destination: FIRST_ID };

/** How long the sweeper leaves a due row to the job that was sent for it, unless jobs have left some. */
const JOB_HEAD_START_SECONDS = 0.9;

/** Only for a process that knows to be the only one: after a crash nothing then waits for a lease to end. */
export async function endAllLeases(pool: Pool): Promise<void> {
  await pool.query(
    'UPDATE deliveries SET lease_token = NULL, lease_until = NULL WHERE lease_token IS NOT NULL',
  );
}

/** What a process can take on now. */
export interface Limits {
  /** By destination, of those that have little: how many deliveries more. */
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
   * Claims these deliveries, as far as they are open, free, not of a busy destination, and fit.
   * @param attempts claims only deliveries with so many attempts behind them; null takes all.
   */
  async byId(
    ids: string[],
    { rooms, maxBytes }: Limits,
    attempts: number | null,
  ): Promise<ClaimedDelivery[]> {
    if (ids.length === 0) return [];
    const busyDestinations = [...rooms].filter(([, room]) => room === 0).map(([id]) => id);
    const { claimed } = await this.claim(CLAIM_BY_ID, maxBytes, [ids, busyDestinations, attempts]);
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

  /**
   * Claims up to `limit` deliveries that have been due for a moment, or for any time where jobs have left some: some of
   * each destination, as many as it has room for, and where there are few, more of each.
   */
  async due(limit: number, { rooms, maxBytes }: Limits): Promise<ClaimedDelivery[]> {
    const each = Math.max(LEAST_PER_DESTINATION, Math.floor(limit / this.lastDestinations));
    this.isUnderWay = false;
    const { leftBy } = this;
    const headStart = leftBy > this.sweptOf ? 0 : JOB_HEAD_START_SECONDS;
    const values = [[...rooms.keys()], each, headStart, limit, this.walkedTo, [...rooms.values()]];
    const { claimed, seen } = await this.claim(CLAIM_DUE, maxBytes, values);
    const { candidates } = seen;
    this.lastDestinations = Math.max(1, seen.destinations);
    this.walkedTo = seen.last_destination;
    this.isUnderWay = candidates >= limit || claimed.length < candidates || hasAny(claimed, each);
    // Of a destination that is full some may be left still.
    const isAll = claimed.length === 0 && !this.isUnderWay && [...rooms.values()].every((room) => room > 0);
    if (headStart === 0 && isAll) this.sweptOf = leftBy;
    return claimed;
  }

  /** Made before the statement that takes it, so that our idea of the lease ends before the database's. */
  newLease(): { token: string; seconds: number; endsAt: number } {
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
    maxBytes: number,
    values: unknown[],
  ): Promise<{ claimed: ClaimedDelivery[]; seen: Seen }> {
    const { token, seconds, endsAt } = this.newLease();
    const { rows } = await this.pool.query<ClaimedRow>({
      ...statement,
      values: [token, seconds, maxBytes, ...values],
    });
    if (rows.length > 0) await failpoint('claim.after');
    const claimed = rows.map((row): ClaimedDelivery => {
      this.recent.add(row.id);
      return {
        id: row.id,
        event: row.event,
        accountId: row.account_id,
        destinationId: row.destination_id,
        attempts: row.attempts,
        leaseToken: token,
        leaseEndsAt: endsAt,
        eventId: row.event_id,
        payload: row.payload === null ? null : payloadOf(row.payload),
      };
    });
    return { claimed, seen: rows.find(tellsWhatWasSeen) ?? NOTHING_SEEN };
  }
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
