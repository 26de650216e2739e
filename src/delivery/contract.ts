import type { Payload } from './payload.js';

/** Where accepting and delivering meet: the queue's name, what a job holds, and the short way within a process. */
export const DELIVERIES_QUEUE = 'deliveries';

/** A delivery a process works on until its lease ends; only the lease token may record its result. */
export interface ClaimedDelivery {
  id: string;
  event: string;
  accountId: string;
  destinationId: string;
  /** Attempts made before this one. */
  attempts: number;
  leaseToken: string;
  /** performance.now() by which an attempt has to be over. */
  leaseEndsAt: number;
  /** The producer's id. */
  eventId: string;
  /** Null when the event was already removed by retention. */
  payload: Payload | null;
}

/** The delivering half of the same process; a process that only accepts has none. */
export const DIRECT_DELIVERY = Symbol('direct delivery');

/**
 * The short way: what a process commits it may attempt at once, from memory, under a lease that is written with the
 * rows. It takes as much as it has room for; the rest goes through the queue to whoever has time.
 */
export interface DirectDelivery {
  reserve(deliveries: readonly { id: string; destinationId: string }[]): DirectLease;
}

export interface DirectLease {
  token: string;
  seconds: number;
  /** performance.now() */
  endsAt: number;
  /** Ids of the deliveries this process makes the first attempt of, once they are committed. */
  taken: ReadonlySet<string>;
  /** Attempts what was committed of it and frees the room of the rest. Called once. */
  start(committed: ClaimedDelivery[], job: DeliveryJob): void;
  /** Nobody knows what was committed: gives the room back, and the rows to whoever claims them. Called instead. */
  abandon(): void;
}

/**
 * A hint that these deliveries are due. It holds ids only; PostgreSQL holds the truth, so losing a job costs
 * a second and running it twice costs nothing.
 */
export interface DeliveryJob {
  /** Names for whoever reads the board. */
  accounts: { id: string; name: string }[];
  events: number;
  delivery_ids: string[];
  /** How many more there are, which the job does not name: the sweeper is to find them now. */
  unnamed?: number;
  /** Attempts behind the deliveries when the job was made; later jobs of the same delivery have more. */
  attempts: number;
  last_error?: string | null;
  /** The producer's id, where the job is about one event. */
  event_id?: string;
  /** What came of it already, where it was attempted before the job was made: the job only tells. */
  report?: { result: DeliveryJobResult; failure?: string };
}

/** What a job came to, shown on the board. */
export interface DeliveryJobResult {
  delivered: number;
  retrying: number;
  failed: number;
  held: number;
  cancelled: number;
  /** Put back for later: the destination has no place for them now. */
  put_back: number;
  /** Not waited for: attempts that take longer than a job is kept open. */
  under_way: number;
  /** Done already or in other hands. */
  skipped: number;
}

/** Most ids in one job; larger batches become several jobs. */
export const MAX_JOB_DELIVERIES = 500;

/** The name an operator reads on the board. */
export function jobName({ accounts, events, delivery_ids, unnamed = 0 }: DeliveryJob): string {
  const who = accounts.length === 1 ? accounts[0]!.name : `${accounts.length} accounts`;
  return `${who} · ${count(events, 'event')} · ${count(delivery_ids.length + unnamed, 'delivery')}`;
}

function count(number: number, noun: 'event' | 'delivery'): string {
  if (number === 1) return `1 ${noun}`;
  return noun === 'event' ? `${number} events` : `${number} deliveries`;
}
