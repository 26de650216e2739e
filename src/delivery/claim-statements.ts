const IS_FREE = `status <> 'held' AND (lease_token IS NULL OR lease_until < now())`;

/**
 * Takes the lease on the rows that `candidates` locks, as many as `$3` bytes of payload allow and at least one, in
 * turns of the destinations, and reads what an attempt needs. The payload of an event comes once, with one of its
 * deliveries. It is valid UTF-8, or it would not have been accepted, so it travels as text: half of what `bytea` takes.
 * Payloads are joined: read by a subquery in the select list they crashed PostgreSQL 18.4, under load, where it pruned
 * the partitions of events.
 * @param last the destination that a walk through them has come to
 */
const claiming = (candidates: string, last = 'NULL') => `
  WITH RECURSIVE ${candidates}, fitting AS (
    SELECT id FROM (
      SELECT id, sum(payload_bytes) OVER (ORDER BY turn, id) - payload_bytes AS bytes_before
      FROM (
        SELECT *, row_number() OVER (PARTITION BY destination_id ORDER BY due_at) AS turn FROM candidate
      ) in_turns
    ) weighed WHERE bytes_before < $3
  ), claimed AS (
    UPDATE deliveries SET lease_token = $1, lease_until = now() + make_interval(secs => $2)
    WHERE id IN (SELECT id FROM fitting)
    RETURNING id, event, event_id, account_id, destination_id, attempts
  ), seen AS MATERIALIZED (
    SELECT count(*)::integer AS candidates, count(DISTINCT destination_id)::integer AS destinations,
      ${last} AS last_destination, (SELECT id FROM claimed LIMIT 1) AS told_with
    FROM candidate
  )
  SELECT c.id, c.event, c.event_id, c.account_id, c.destination_id, c.attempts,
    convert_from(e.payload, 'UTF8') AS payload,
    seen.candidates, seen.destinations, seen.last_destination
  FROM (
    SELECT *, row_number() OVER (PARTITION BY event) = 1 AS has_payload FROM claimed
  ) c
  LEFT JOIN seen ON seen.told_with = c.id
  LEFT JOIN events e ON e.account_id = c.account_id AND e.id = CASE WHEN c.has_payload THEN c.event END`;

/** The deliveries `$4`, unless their destination is in `$5` or their attempts are not `$6`. */
export const CLAIM_BY_ID = {
  name: 'claim_deliveries',
  text: claiming(`candidate AS (
    SELECT id, destination_id, payload_bytes, due_at FROM deliveries
    WHERE id = ANY($4::uuid[]) AND ${IS_FREE} AND destination_id <> ALL($5::uuid[])
      AND ($6::integer IS NULL OR attempts = $6)
    FOR UPDATE SKIP LOCKED
  )`),
};

/** Goes from destination to destination through the index, with a step for each, whatever is due to it. */
const walk = (name: string, from: string, within: string) => `
  ${name} AS (
    (SELECT destination_id AS id FROM deliveries WHERE ${from} ORDER BY destination_id LIMIT 1)
    UNION ALL
    SELECT (SELECT destination_id FROM deliveries WHERE destination_id > ${name}.id AND ${within}
            ORDER BY destination_id LIMIT 1)
    FROM ${name} WHERE ${name}.id IS NOT NULL
  )`;

/**
 * Walks through all destinations, first those beyond `$8`, taking some of what is due from each, so that one with a
 * large backlog hides nobody: up to `$5`, and of those in `$4` what `$9` says. `$6` leaves the newest to the job that was
 * sent for them. Rooms are looked up and not joined, which could change the order of the walk.
 */
export const CLAIM_DUE = {
  name: 'claim_due_deliveries',
  text: claiming(
    `${walk('ahead', 'destination_id > $8', 'true')}, ${walk('behind', 'destination_id <= $8', 'destination_id <= $8')},
    candidate AS (
      SELECT due.*, destination.id AS destination_id
      FROM (SELECT id FROM ahead UNION ALL SELECT id FROM behind) destination
      CROSS JOIN LATERAL (
        SELECT id, payload_bytes, due_at FROM deliveries
        WHERE destination_id = destination.id AND due_at <= now() - make_interval(secs => $6) AND ${IS_FREE}
        ORDER BY due_at LIMIT least($5, ($9::integer[])[array_position($4::uuid[], destination.id)])
        FOR UPDATE SKIP LOCKED
      ) due
      LIMIT $7
    )`,
    'coalesce(max(destination_id::text) FILTER (WHERE destination_id <= $8), max(destination_id::text))',
  ),
};

/** What a claim returns for each delivery. */
export type ClaimedRow = readonly [
  id: string,
  event: string,
  eventId: string,
  accountId: string,
  destinationId: string,
  attempts: string,
  /** Null but for one delivery of each event, and there too where retention was first. */
  payload: string | null,
  /** What a walk saw, whatever it took of it: one row tells, the others have nulls. */
  candidates: string | null,
  destinations: string | null,
  lastDestination: string | null,
];
