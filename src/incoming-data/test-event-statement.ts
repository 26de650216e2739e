import type { EntityManager } from 'typeorm';
import type { EventToAccept } from './accept-statement.js';

/**
 * Stores a test event with its delivery, if the destination is active: locked, so that one that is paused at this
 * moment holds the delivery too. The event matched no destination by itself, and so it counts in a balance: what it
 * made is told apart by its origin.
 */
const STORE = `
  WITH target AS (
    SELECT d.id, a.account_name FROM destinations d JOIN accounts a ON a.id = d.account_id
    WHERE d.id = $8 AND d.account_id = $2 AND d.deleted_at IS NULL AND d.state = 'active'
    FOR SHARE OF d
  ), keyed AS (
    INSERT INTO event_keys (account_id, event_id, event, body_sha256) SELECT $2, $3, $1, $6 FROM target
  ), stored AS (
    INSERT INTO events (id, account_id, event_id, event_type, payload, destination_ids)
    SELECT $1, $2, $3, $4, $5, '{}' FROM target
  ), due AS (
    INSERT INTO deliveries (id, event, account_id, destination_id, event_id, event_type, payload_bytes, origin)
    SELECT $7, $1, $2, id, $3, $4, octet_length($5), 'test' FROM target
  )
  SELECT account_name FROM target`;

/** @returns the account's name; null when there is no such active destination, and then nothing is stored. */
export async function storeTestEvent(manager: EntityManager, event: EventToAccept): Promise<string | null> {
  const [delivery] = event.deliveries;
  const [row]: { account_name: string }[] = await manager.query(STORE, [
    event.id,
    event.accountId,
    event.eventId,
    event.eventType,
    event.payload,
    event.bodySha256,
    delivery!.id,
    delivery!.destinationId,
  ]);
  return row?.account_name ?? null;
}
