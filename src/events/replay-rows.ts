import type { EntityManager } from 'typeorm';
import { newReplayId } from './delivery-ids.js';

/** An event whose body is kept, with a destination it goes to once more. */
export interface Replay {
  /** Our id of the event. */
  event: string;
  accountId: string;
  destinationId: string;
  /** The producer's id of the event. */
  eventId: string;
  eventType: string | null;
  payloadBytes: number;
  receivedAt: Date;
  /** True where the destination is paused or disabled. */
  isHeld: boolean;
}

const INSERT = `
  INSERT INTO deliveries (id, event, account_id, destination_id, event_id, event_type, payload_bytes, received_at,
    status, due_at, origin)
  SELECT id, event, account_id, destination_id, event_id, event_type, payload_bytes, received_at,
    CASE WHEN is_held THEN 'held' ELSE 'pending' END, CASE WHEN is_held THEN 'infinity' ELSE now() END, 'replay'
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::integer[],
    $8::timestamptz[], $9::boolean[])
  AS r (id, event, account_id, destination_id, event_id, event_type, payload_bytes, received_at, is_held)`;

/**
 * Makes a delivery for each of `replays`, due at once unless held. Their destinations have to be locked, so that one
 * which is paused or deleted meanwhile holds or cancels these as well.
 * @returns the ids of the deliveries, in the same order.
 */
export async function insertReplays(manager: EntityManager, replays: readonly Replay[]): Promise<string[]> {
  const ids = replays.map(({ event }) => newReplayId(event));
  await manager.query(INSERT, [
    ids,
    replays.map((replay) => replay.event),
    replays.map((replay) => replay.accountId),
    replays.map((replay) => replay.destinationId),
    replays.map((replay) => replay.eventId),
    replays.map((replay) => replay.eventType),
    replays.map((replay) => replay.payloadBytes),
    replays.map((replay) => replay.receivedAt.toISOString()),
    replays.map((replay) => replay.isHeld),
  ]);
  return ids;
}
