import type { ClaimedDelivery, DeliveryJob, DirectLease } from '../delivery/contract.js';
import type { EventToAccept } from './accept-statement.js';

const MAX_NAMED_ACCOUNTS = 100;

/** A delivery of a batch that is due as soon as the batch is committed. */
export interface DueDelivery {
  id: string;
  destinationId: string;
  event: EventToAccept;
}

export function dueOf(events: readonly EventToAccept[]): DueDelivery[] {
  const due: DueDelivery[] = [];
  for (const event of events)
    for (const { id, destinationId, isHeld } of event.deliveries)
      if (!isHeld) due.push({ id, destinationId, event });
  return due;
}

/** The job that names these deliveries. */
export function toJob(deliveries: readonly DueDelivery[]): DeliveryJob {
  const accounts = new Map(deliveries.map(({ event }) => [event.accountId, event.accountName]));
  return {
    accounts: [...accounts].map(([id, name]) => ({ id, name })),
    events: new Set(deliveries.map(({ event }) => event)).size,
    delivery_ids: deliveries.map(({ id }) => id),
    attempts: 0,
  };
}

/** A job that names none of these deliveries, nor those of `job`: it says how many there are to be found. */
export function toUnnamedJob(job: DeliveryJob | null, deliveries: readonly DueDelivery[]): DeliveryJob {
  const more = toJob(deliveries);
  const accounts = new Map(
    [...(job?.accounts ?? []), ...more.accounts].map((account) => [account.id, account]),
  );
  return {
    accounts: [...accounts.values()].slice(0, MAX_NAMED_ACCOUNTS),
    events: (job?.events ?? 0) + more.events,
    delivery_ids: [],
    unnamed: (job?.unnamed ?? 0) + deliveries.length,
    attempts: 0,
  };
}

/** What the delivering half of this process needs, without reading back what was just written. */
export function toClaimed({ id, destinationId, event }: DueDelivery, lease: DirectLease): ClaimedDelivery {
  return {
    id,
    event: event.id,
    accountId: event.accountId,
    destinationId,
    attempts: 0,
    leaseToken: lease.token,
    leaseEndsAt: lease.endsAt,
    eventId: event.eventId,
    payload: event.payload,
  };
}
