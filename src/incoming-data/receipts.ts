import { Problem } from '../common/errors/problem.js';
import type { AcceptedEvent, EventToAccept } from './accept-statement.js';
import type { ReceiptView } from './incoming-data.dto.js';

/**
 * The answer to an event that is committed, now or before, or the problem where its id was used for other bytes.
 * @param idField where the producer wrote the event id.
 */
export function toReceipt(
  event: EventToAccept,
  accepted: AcceptedEvent,
  idField: string,
): ReceiptView | Problem {
  if (accepted.duplicate && !accepted.bodySha256.equals(event.bodySha256))
    return new Problem(
      'event_id_reused',
      `This event id was accepted before with another body: its SHA-256 is ${accepted.bodySha256.toString('hex')}, ` +
        `that of this one ${event.bodySha256.toString('hex')}. Nothing was stored; use a new event id.`,
      { errors: [{ field: idField, message: 'was used before with another body' }] },
    );
  return {
    success: true,
    message: 'Data Received',
    id: accepted.id,
    event_id: event.eventId,
    duplicate: accepted.duplicate,
    destinations: accepted.destinationIds,
  };
}
