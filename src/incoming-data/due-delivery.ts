import {
  type ClaimedDelivery,
  type DeliveryJob,
  type DirectLease,
  MAX_JOB_DELIVERIES,
} from '../delivery/contract.js';
import type { EventToAccept } from './accept-statement.js';

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

/** The same job with these deliveries as well, as far as it may name them: whatever else is due is found without it. */
export function addToJob(job: DeliveryJob | null, deliveries: readonly DueDelivery[]): DeliveryJob {
  const room = MAX_JOB_DELIVERIES - (job?.delivery_ids.length ?? 0);
  if (job && room === 0) return job;
  const more = toJob(deliveries.slice(0, room));
  if (!job) return more;
  const accounts = new Map([...job.accounts, ...more.accounts].map((account) => [account.id, account]));
  return {
    accounts: [...accounts.values()],
    events: job.events + more.events,
    delivery_ids: [...job.delivery_ids, ...more.delivery_ids],
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
