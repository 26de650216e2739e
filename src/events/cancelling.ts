/**
 * SQL: moves the deliveries of the CTE `chosen` to the log and counts them.
 * @param reason and `at` as SQL
 */
export const cancelling = (reason: string, at: string): string => `
  gone AS (DELETE FROM deliveries WHERE id IN (SELECT id FROM chosen) RETURNING *),
  logged AS (INSERT INTO finished_deliveries (id, event, account_id, destination_id, event_id, event_type, status,
    attempts, last_status_code, last_error, origin, received_at, processed_at)
  SELECT id, event, account_id, destination_id, event_id, event_type, 'cancelled',
    attempts, last_status_code, ${reason}, origin, received_at, ${at} FROM gone
  RETURNING id)
  SELECT count(*)::integer AS count FROM logged`;
