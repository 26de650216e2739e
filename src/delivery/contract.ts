/** Where accepting and delivering meet: the queue's name and what a job holds. */
export const DELIVERIES_QUEUE = 'deliveries';

/**
 * A hint that these deliveries are due. It holds ids only; PostgreSQL holds the truth, so losing a job costs
 * a second and running it twice costs nothing.
 */
export interface DeliveryJob {
  /** Names for whoever reads the board. */
  accounts: { id: string; name: string }[];
  events: number;
  delivery_ids: string[];
  /** Attempts behind the deliveries when the job was made; later jobs of the same delivery have more. */
  attempts: number;
  last_error?: string | null;
  /** The producer's id, where the job is about one event. */
  event_id?: string;
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
