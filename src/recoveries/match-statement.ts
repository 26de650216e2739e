import type { DataSource, EntityManager } from 'typeorm';
import { firstIdOf, sqlFirstIdOf, sqlHeldSinceMs } from '../database/partitions.js';
import { isTimeout } from '../database/pg-errors.js';
import { DELIVERY_DATED_AFTER_MS, sqlOfSameEvent } from '../events/delivery-ids.js';
import { Recovery } from './recovery.entity.js';

/** For the exact count, which looks at every delivery by itself: some hundred thousand of them. */
const EXACT_COUNT_MS = 5000;

/** The first delivery id of events received at `time` or later. */
export const firstDeliveryOf = (time: Date): string => firstIdOf(time.getTime() + DELIVERY_DATED_AFTER_MS);

/**
 * Deliveries to make again: an event goes to a destination once, however often that failed, and not where it has
 * arrived by another delivery or is on its way. IS TRUE hides the destination from the planner: by the key of the
 * account fewer rows are looked at than by an index that begins with the destination.
 */
const exactly = (status: Recovery['status']): string => `
  AND NOT EXISTS (SELECT FROM deliveries o WHERE o.destination_id = f.destination_id AND ${sqlOfSameEvent('o', 'f')})
  AND NOT EXISTS (SELECT FROM finished_deliveries o
    WHERE o.account_id = f.account_id AND ${sqlOfSameEvent('o', 'f')}
      AND (o.destination_id = f.destination_id) IS TRUE
      AND (o.status = '${status}' AND o.id < f.id ${status === 'success' ? '' : `OR o.status = 'success'`}))`;

/** The status is written out, because a parameter would not say that an index of some statuses serves it. */
const storing = (status: Recovery['status'], condition: string): string => `
  INSERT INTO recovery_destinations (recovery_id, destination_id, matched, oldest_at, newest_at, walked_to)
  SELECT $1, f.destination_id, count(*), min(f.received_at), max(f.received_at),
    (left(min(f.id::text COLLATE "C"), 14) || '0000-0000-000000000000')::uuid
  FROM finished_deliveries f
  WHERE f.account_id = $2 AND f.destination_id = ANY($3::uuid[]) AND f.status = '${status}'
    AND f.id >= $4::uuid AND f.id < $5::uuid AND f.processed_at <= now()
    AND ($6::text IS NULL OR f.event_type = $6)
    AND f.id >= (SELECT ${sqlFirstIdOf(`coalesce(${sqlHeldSinceMs('events')}, 0)`)}) ${condition}
  GROUP BY f.destination_id`;

/**
 * Stores a recovery with what it would make again now, by destination; one that has nothing is left out. Where that
 * are too many to count in time, all that ended so are counted, those that were made again since included.
 */
export async function storeRecovery(
  dataSource: DataSource,
  recovery: Omit<StoredRecovery, 'isExact'>,
  destinationIds: string[],
  record: (manager: EntityManager) => Promise<void>,
): Promise<void> {
  await dataSource
    .transaction(async (manager) => {
      await manager.query(`SET LOCAL statement_timeout = ${EXACT_COUNT_MS}`);
      await store(manager, { ...recovery, isExact: true }, destinationIds);
      await record(manager);
    })
    .catch((error) => {
      if (!isTimeout(error)) throw error;
      return dataSource.transaction(async (manager) => {
        await store(manager, { ...recovery, isExact: false }, destinationIds);
        await record(manager);
      });
    });
}

type StoredRecovery = Pick<
  Recovery,
  | 'id'
  | 'accountId'
  | 'status'
  | 'destinationIds'
  | 'eventType'
  | 'fromAt'
  | 'toAt'
  | 'isExact'
  | 'createdBy'
  | 'updatedBy'
>;

async function store(
  manager: EntityManager,
  recovery: StoredRecovery,
  destinationIds: string[],
): Promise<void> {
  const { id, accountId, status, eventType, fromAt, toAt, isExact } = recovery;
  await manager.insert(Recovery, recovery);
  await manager.query(storing(status, isExact ? exactly(status) : ''), [
    id,
    accountId,
    destinationIds,
    firstDeliveryOf(fromAt),
    firstDeliveryOf(toAt),
    eventType,
  ]);
}
