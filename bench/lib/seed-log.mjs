const DAY_MS = 86_400_000;
/** The log reaches so far back. */
export const DAYS = 10;
/** Every account has so many destinations; the last one gets little. */
export const DESTINATIONS = 5;
export const RARE_DESTINATION = DESTINATIONS - 1;
export const ACCOUNTS = 100;
export const TYPES = { usual: 'user.update', rare: 'user.merged', none: 'user.teleported' };

export const LOG_TABLES = ['events', 'finished_deliveries', 'attempts', 'search_blocks'];

/** A UUIDv7 of a moment that is the same whenever it is asked for. */
const ID_FUNCTION = `
  CREATE FUNCTION pg_temp.log_id(ms bigint, salt bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(ms), 12, '0') || '7' || left(md5(salt::text), 3) || '8' || substr(md5(salt::text), 4, 15))::uuid
  $$`;

/** Events by number: moment, account (a fifth of all are of the first) and what they are about. */
const EVENTS = `
  SELECT i, ms, pg_temp.log_id(ms, i) AS id, account, ($2::uuid[])[account + 1] AS account_id,
    CASE WHEN i % 10007 = 5 THEN '${TYPES.rare}' WHEN i % 3 = 0 THEN 'order.created' ELSE '${TYPES.usual}' END AS event_type
  FROM (
    SELECT i, ($4::float8 + i * $5::float8)::bigint AS ms,
      CASE WHEN i % 5 = 0 THEN 0 ELSE 1 + (i * 7919) % (${ACCOUNTS} - 1) END::int AS account
    FROM generate_series(1, $1::bigint) AS i
  ) numbered`;

/** Two deliveries of each event. */
const DELIVERIES = `
  SELECT e.*, d, pg_temp.log_id(ms + 1, i * 2 + d) AS delivery_id,
    ($3::uuid[])[account * ${DESTINATIONS} + 1 + CASE WHEN i % 2000 = 0 AND d = 0 THEN ${RARE_DESTINATION} ELSE (i / 5) % 2 * 2 + d END] AS destination_id,
    CASE WHEN i % 50 = 0 THEN 'failed' WHEN i % 100 = 35 THEN 'cancelled' ELSE 'success' END AS status
  FROM (${EVENTS}) e CROSS JOIN generate_series(0, 1) AS d`;

const STATEMENTS = [
  `INSERT INTO events (account_id, id, event_id, event_type, payload, destination_ids, received_at)
   SELECT account_id, id, 'log-' || i, event_type, convert_to('{"number":' || i || '}', 'UTF8'), '{}', to_timestamp(ms / 1000.0)
   FROM (${EVENTS}) e WHERE $3::uuid[] IS NOT NULL`,
  `INSERT INTO event_keys (account_id, event_id, event, body_sha256)
   SELECT account_id, 'log-' || i, id, decode(md5(i::text) || md5(i::text), 'hex')
   FROM (${EVENTS}) e WHERE $3::uuid[] IS NOT NULL`,
  `INSERT INTO finished_deliveries (account_id, id, event, event_id, destination_id, event_type, status, attempts,
     last_status_code, last_error, origin, received_at, processed_at, attempt_id, attempt_started_at, attempt_duration_ms,
     response_excerpt)
   SELECT account_id, delivery_id, id, 'log-' || i, destination_id, event_type, status, 1, CASE status WHEN 'success' THEN 200 ELSE 500 END,
     CASE status WHEN 'success' THEN NULL ELSE 'answered 500' END, 'event', to_timestamp(ms / 1000.0), to_timestamp(ms / 1000.0),
     CASE status WHEN 'success' THEN pg_temp.log_id(ms + 2, i * 2 + d) END, CASE status WHEN 'success' THEN to_timestamp(ms / 1000.0) END,
     CASE status WHEN 'success' THEN 12 END, CASE status WHEN 'success' THEN '{"ok":true}' END
   FROM (${DELIVERIES}) d`,
  `INSERT INTO attempts (delivery_id, id, number, started_at, duration_ms, status_code)
   SELECT delivery_id, pg_temp.log_id(ms + 2, i * 2 + d), 1, to_timestamp(ms / 1000.0), 12, 500 FROM (${DELIVERIES}) d WHERE status <> 'success'`,
];

/**
 * Always as many: what is open does not grow with the log. It waits for a destination of the first account that is
 * paused, so that nothing of it is sent.
 */
const OPEN = `
  INSERT INTO deliveries (id, event, event_id, account_id, destination_id, event_type, status, attempts, due_at, last_error)
  SELECT uuidv7(), e.id, e.event_id, e.account_id, $1, e.event_type, status, 1,
    CASE status WHEN 'held' THEN 'infinity' ELSE now() + interval '1 day' END, 'answered 500'
  FROM (SELECT * FROM events WHERE account_id = $2 ORDER BY id DESC LIMIT 200) e, unnest('{retrying,held}'::text[]) AS status`;

/** Fills the log of a database with so many deliveries of the past days, straight in SQL. */
export async function seedLog(client, accounts, deliveries) {
  const { ensureDayPartitions } = await import('../../dist/src/database/partitions.js');
  const startMs = Date.now() - DAYS * DAY_MS;
  // It makes eight days from the one it is given.
  for (const daysAgo of [DAYS, DAYS - 7])
    await ensureDayPartitions({ connect: () => borrowed(client) }, LOG_TABLES, Date.now() - daysAgo * DAY_MS);
  const events = Math.round(deliveries / 2);
  const accountIds = accounts.map(({ id }) => id);
  const destinationIds = accounts.flatMap(({ destinations }) => destinations.map(({ id }) => id));
  await client.query(ID_FUNCTION);
  for (const statement of STATEMENTS)
    await client.query(statement, [
      events,
      accountIds,
      destinationIds,
      startMs,
      (DAYS * DAY_MS - 60_000) / events,
    ]);
  const paused = destinationIds[RARE_DESTINATION];
  await client.query(`UPDATE destinations SET state = 'paused' WHERE id = $1`, [paused]);
  await client.query(OPEN, [paused, accountIds[0]]);
  await client.query('VACUUM (ANALYZE)');
}

const borrowed = async (client) => ({
  query: client.query.bind(client),
  on: () => undefined,
  off: () => undefined,
  release: () => undefined,
});
