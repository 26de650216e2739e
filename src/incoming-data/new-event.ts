import type { AcceptingAccount } from '../accounts/account-directory.js';
import { sha256 } from '../common/crypto/tokens.js';
import { uuidv7 } from '../common/uuid.js';
import type { Route } from '../destinations/destination-directory.js';
import { DELIVERY_DATED_AFTER_MS } from '../events/delivery-ids.js';
import type { EventToAccept } from './accept-statement.js';

/**
 * An event that passed every check, with a delivery for each destination that takes it.
 * @param eventId null where the producer sent none: ours then serves.
 * @param seq orders events of the same millisecond, as those of a batch are; by chance without it.
 */
export function newEvent(
  account: Pick<AcceptingAccount, 'accountId' | 'name'>,
  routes: readonly Route[],
  eventId: string | null,
  eventType: string | null,
  payload: Buffer,
  seq?: number,
): EventToAccept {
  // Deliveries are dated the millisecond after their event: the log finds them by that range of ids.
  const msecs = Date.now();
  const id = uuidv7(msecs, seq);
  const deliveries = routes
    .filter((route) => route.matches(eventType))
    .map((route) => ({
      id: uuidv7(msecs + DELIVERY_DATED_AFTER_MS, seq),
      destinationId: route.id,
      isHeld: route.state !== 'active',
    }));
  return {
    id,
    accountId: account.accountId,
    accountName: account.name,
    eventId: eventId ?? id,
    eventType,
    payload,
    bodySha256: sha256(payload),
    deliveries,
  };
}
