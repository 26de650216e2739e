import type { Round } from './round.js';

/** What the log has of an event, for all its destinations. `key` is one of these and the event's id. */
export async function historyOf({ rig, accountId }: Round, key: string): Promise<string> {
  const rows = await rig.database.query<{ said: string }>(
    `SELECT concat_ws(' ', a.started_at, 'ended', uuid_extract_timestamp(a.id)::time, 'of', f.id, 'received',
       f.received_at::time, 'recorded', f.processed_at::time, 'number', a.number, a.duration_ms, 'ms',
       coalesce(a.error, a.status_code::text), CASE WHEN superseded THEN 'superseded' END) AS said
     FROM events e JOIN finished_deliveries f ON f.event = e.id JOIN all_attempts a ON a.delivery_id = f.id
     WHERE e.account_id = $1 AND e.event_id = $2 ORDER BY a.started_at`,
    [accountId, key.split(' ')[1]],
  );
  return rows.map(({ said }) => said).join('; ') || 'the log has nothing of it';
}
