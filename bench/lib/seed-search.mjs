const DAY_MS = 86_400_000;
export const DAYS = 8;
export const ACCOUNTS = 30;
export const DESTINATIONS = 5;
/** They share a fiftieth of the events, and have one destination each. */
export const SMALL_ACCOUNTS = 1000;
/** The first destination of the second account has had nothing but failures. */
export const FAILING = { account: 1, destination: 0 };
/** Accounts of which a member has so many: with half of the log among them, and with next to nothing of it. */
const MEMBER_OF = 500;
const TABLES = ['events', 'search_blocks', 'finished_deliveries', 'attempts'];

/** A UUIDv7 of a moment that is the same whenever it is asked for. */
const ID_FUNCTION = `
  CREATE FUNCTION pg_temp.log_id(ms bigint, salt bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(ms), 12, '0') || '7' || left(md5(salt::text), 3) || '8' || substr(md5(salt::text), 4, 15))::uuid
  $$`;

const EVENTS = `
  SELECT i, ms, account, pg_temp.log_id(ms, i) AS id, ($2::uuid[])[account + 1] AS account_id,
    CASE WHEN i % 10007 = 5 THEN 'user.merged' WHEN i % 503 = 7 THEN 'user.closed' WHEN i < $1 / 4 AND i % 4 = 1 THEN 'order.imported'
      WHEN i % 3 = 0 THEN 'order.created' ELSE 'user.update' END AS event_type
  FROM (SELECT i, ($4::float8 + i * $5::float8)::bigint AS ms,
    CASE WHEN i % 50 = 49 THEN ${ACCOUNTS} + i / 50 % ${SMALL_ACCOUNTS} ELSE i % ${ACCOUNTS} END AS account
    FROM generate_series(1, $1::bigint) AS i) numbered`;

/** About a kilobyte that looks like what shops and user directories send. */
const PAYLOAD = `
  format('{"event_type":"%s","created_at":"%s","data":{"id":"%s","request":"%s","user":{"name":"%s %s","email":"%s@example.com",' ||
    '"phone":"+49%s","address":{"street":"%s %s","zip":"%s","city":"%s","country":"DE"},"tier":"%s"},"order":{"number":"ORD-%s",' ||
    '"currency":"EUR","total":%s.%s,"lines":[{"sku":"SKU-%s","title":"Product %s","quantity":%s,"price":%s.99},' ||
    '{"sku":"SKU-%s","title":"Product %s","quantity":%s,"price":%s.49}]},"note":"%s","account":"tenant-%s-only","signature":"%s"}}',
    event_type, to_timestamp(ms / 1000.0), md5(i::text)::uuid, md5((i * 3)::text),
    names[i * 7 % 12 + 1], names[i * 11 % 12 + 1], left(md5((i * 5)::text), 9), i * 104729 % 10000000000,
    names[i * 13 % 12 + 1], i % 300, 10000 + i * 31 % 80000, cities[i * 17 % 10 + 1],
    CASE WHEN i / ${ACCOUNTS} % 1000 = 7 THEN 'platinum' ELSE 'basic' END, 1000000 + i, i * 7919 % 10000, i % 90 + 10,
    i * 7 % 100000, names[i * 3 % 12 + 1], i % 9, i % 500, i * 13 % 100000, names[i * 5 % 12 + 1], i % 7, i % 900,
    repeat('please ring twice and leave it with ' || names[i * 19 % 12 + 1] || ' next door. ', 4), account, md5((i * 9)::text))`;

const NAMES = `ARRAY['Anna','Bert','Carla','Dieter','Emma','Frank','Gina','Hans','Ida','Jan','Karl','Lena'] AS names`;
const CITIES = `ARRAY['Berlin','Hamburg','Paris','London','Lisboa','Wien','Oslo','Rom','Prag','Bern'] AS cities`;

const DELIVERIES = `
  SELECT e.*, pg_temp.log_id(ms + 1, i * 2 + d) AS delivery_id,
    ($3::uuid[])[CASE WHEN account < ${ACCOUNTS} THEN account * ${DESTINATIONS} + 1 + (i / ${ACCOUNTS} * 2 + d) % ${DESTINATIONS}
      ELSE ${ACCOUNTS * DESTINATIONS} + 1 + account - ${ACCOUNTS} END] AS destination_id,
    CASE WHEN account = ${FAILING.account} AND (i / ${ACCOUNTS} * 2 + d) % ${DESTINATIONS} = ${FAILING.destination} THEN 'failed'
      WHEN i / ${ACCOUNTS} % 50 = 0 THEN 'failed' WHEN i / ${ACCOUNTS} % 100 = 35 THEN 'cancelled' ELSE 'success' END AS status
  FROM (${EVENTS}) e CROSS JOIN generate_series(0, 1) AS d`;

const STATEMENTS = [
  `INSERT INTO events (account_id, id, event_id, event_type, payload, destination_ids, received_at)
   SELECT account_id, id, 'log-' || i, event_type, convert_to(${PAYLOAD}, 'UTF8'), '{}', to_timestamp(ms / 1000.0)
   FROM (${EVENTS}) e, (SELECT ${NAMES}, ${CITIES}) words WHERE $3::uuid[] IS NOT NULL`,
  `INSERT INTO event_keys (account_id, event_id, event, body_sha256)
   SELECT account_id, 'log-' || i, id, decode(md5(i::text) || md5(i::text), 'hex') FROM (${EVENTS}) e WHERE $3::uuid[] IS NOT NULL`,
  `INSERT INTO finished_deliveries (account_id, id, event, event_id, destination_id, event_type, status, attempts,
     last_status_code, last_error, origin, received_at, processed_at, attempt_id, attempt_started_at, attempt_duration_ms,
     response_excerpt)
   SELECT account_id, delivery_id, id, 'log-' || i, destination_id, event_type, status, 1,
     CASE status WHEN 'success' THEN 200 ELSE 500 END, CASE status WHEN 'success' THEN NULL ELSE 'status: answered 500' END,
     'event', to_timestamp(ms / 1000.0), to_timestamp(ms / 1000.0), CASE status WHEN 'success' THEN delivery_id END,
     CASE status WHEN 'success' THEN to_timestamp(ms / 1000.0) END, CASE status WHEN 'success' THEN 12 END,
     CASE status WHEN 'success' THEN '{"ok":true}' END
   FROM (${DELIVERIES}) d`,
];

const DIRECTORY = [
  `INSERT INTO accounts (id, account_name, website, email, created_at)
   SELECT id, 'Account ' || md5(n::text) || CASE n WHEN 7777 THEN ' Zebra' ELSE '' END, 'https://shop-' || n || '.example',
     'mail-' || n || '@example.com', now() - (20000 - n) * interval '1 hour'
   FROM (SELECT n, pg_temp.log_id((extract(epoch FROM now()) * 1000)::bigint - (20000 - n) * 3600000::bigint, n) AS id
     FROM generate_series(1, 20000) AS n) numbered`,
  `INSERT INTO members (id, account_id, email, role_name, invite_token_sha256, created_at)
   SELECT pg_temp.log_id((extract(epoch FROM now()) * 1000)::bigint - (5000 - n) * 3600000::bigint, n), $1, 'member-' || md5(n::text) || '@example.com',
     CASE WHEN n % 1000 = 7 THEN 'Admin' ELSE 'User' END, decode(md5(n::text) || md5(n::text), 'hex'), now() - (5000 - n) * interval '1 hour'
   FROM generate_series(1, 5000) AS n`,
];

const DESTINATION = `
  INSERT INTO destinations (id, account_id, url, description, http_method, state, headers_sealed, signing_secret_sealed, created_at)
  SELECT pg_temp.log_id((extract(epoch FROM now()) * 1000)::bigint - $2::integer * 86400000::bigint - n * 3600000::bigint, n), account, url, 'For ' || md5(n::text),
    CASE WHEN n % 1000 = 3 THEN 'PUT' ELSE 'POST' END, CASE WHEN n % 1000 = 5 THEN 'paused' ELSE 'active' END, '', '', now() - n * interval '1 hour'
  FROM unnest($1::uuid[], $3::text[]) WITH ORDINALITY AS d (account, url, n)
  RETURNING id, account_id`;

/** @returns the user, as the guard of a call knows it. */
async function addMember(client, id, email, accounts) {
  const user = { id, email, role: 'User' };
  await client.query(`INSERT INTO users (id, email, password_hash, role) VALUES ($1, $2, '', 'User')`, [
    id,
    email,
  ]);
  await client.query(
    `INSERT INTO members (id, account_id, user_id, email, role_name)
     SELECT pg_temp.log_id((extract(epoch FROM now()) * 1000)::bigint - n * 60000, n), account, $1, $2, 'User'
     FROM unnest($3::uuid[]) WITH ORDINALITY AS mine (account, n)`,
    [id, email, accounts],
  );
  return user;
}

/** Fills a database with so many deliveries of the past days. @returns the accounts with most of them, and users who are members of many. */
export async function seedSearch(client, deliveries, { ensureDayPartitions, uuidv7 }) {
  const borrowed = { query: client.query.bind(client), on: () => {}, off: () => {}, release: () => {} };
  for (const daysAgo of [DAYS, 1])
    await ensureDayPartitions({ connect: async () => borrowed }, TABLES, Date.now() - daysAgo * DAY_MS);
  await client.query(ID_FUNCTION);
  const ids = Array.from({ length: ACCOUNTS }, () => uuidv7());
  await client.query('INSERT INTO accounts (id, account_name) SELECT id, id FROM unnest($1::uuid[]) AS id', [
    ids,
  ]);
  const urls = ids.flatMap((_, n) =>
    Array.from({ length: DESTINATIONS }, (__, d) => `https://receiver-${n}.example/hook-${d}`),
  );
  await client.query(DIRECTORY[0]);
  const small = await client.query('SELECT id FROM accounts WHERE email IS NOT NULL ORDER BY id LIMIT $1', [
    SMALL_ACCOUNTS,
  ]);
  const smallIds = small.rows.map(({ id }) => id);
  const { rows } = await client.query(DESTINATION, [
    [...ids.flatMap((id) => Array(DESTINATIONS).fill(id)), ...smallIds],
    1,
    [...urls, ...smallIds.map((_, n) => `https://small-${n}.example/hook`)],
  ]);
  const accounts = ids.map((id) => ({
    id,
    destinations: rows.filter((row) => row.account_id === id).map((row) => row.id),
  }));
  await client.query(DIRECTORY[1], [ids[0]]);
  const many = Array.from(
    { length: 5000 },
    (_, n) => `https://many-${n}.example/${n === 4321 ? 'zebra' : 'hook'}`,
  );
  await client.query(DESTINATION, [many.map(() => ids[2]), 10, many]);
  const events = Math.round(deliveries / 2);
  const values = [
    events,
    [...ids, ...smallIds],
    rows.map(({ id }) => id),
    Date.now() - DAYS * DAY_MS,
    (DAYS * DAY_MS - 60_000) / events,
  ];
  for (const statement of STATEMENTS) await client.query(statement, values);
  const busy = [...ids.slice(0, ACCOUNTS / 2), ...smallIds.slice(MEMBER_OF)].slice(0, MEMBER_OF);
  const members = {
    busy: await addMember(client, uuidv7(), 'busy@example.com', busy),
    quiet: await addMember(client, uuidv7(), 'quiet@example.com', smallIds.slice(0, MEMBER_OF)),
  };
  await client.query('VACUUM (ANALYZE)');
  return { accounts, members };
}
