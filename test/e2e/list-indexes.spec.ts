import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  registerAdmin,
  registerUser,
} from '../support/factories.js';
import { type Statement, captureStatements } from '../support/statements.js';

const START = Date.UTC(2020, 0, 1);
const ROWS = 20_000;
/** All of one has failed. */
const [DESTINATION, DEAD] = [uuidv7(), uuidv7()];
const API_KEY = uuidv7();

/** Ids and times of one row an hour. */
const ID = `(lpad(to_hex(${START} + n * 3600000::bigint), 12, '0') || '7' || left(md5(n::text), 3) || '8' || left(md5(n::text), 15))::uuid`;
const AT = `to_timestamp(${START / 1000} + n * 3600)`;
/** One row of sixteen is of the account that asks. */
const FROM = `FROM (SELECT n, CASE WHEN n % 16 = 1 THEN $1 ELSE $2 END::uuid AS account FROM generate_series(1, ${ROWS}) AS n) rows`;
const FILL = [
  `INSERT INTO accounts (id, account_name, email, website, created_at)
   SELECT ${ID}, 'Account ' || md5(n::text), n || '@example.com', 'https://x.example/' || n, ${AT} ${FROM}`,
  `INSERT INTO destinations (id, account_id, url, description, headers_sealed, signing_secret_sealed, created_at)
   SELECT ${ID}, account, 'https://x.example/' || md5(n::text), md5(n || 'd'), '', '', ${AT} ${FROM}`,
  `INSERT INTO members (id, account_id, email, role_name, invite_token_sha256, created_at)
   SELECT ${ID}, account, md5(n::text) || '@example.com', 'User', decode(md5(n::text), 'hex'), ${AT} ${FROM}`,
  `INSERT INTO finished_deliveries (account_id, id, event, event_id, destination_id, event_type, status, attempts,
     last_error, origin, received_at)
   SELECT account, ${ID}, ${ID}, 'e-' || n, CASE WHEN n % 64 > 16 THEN '${DEAD}' ELSE '${DESTINATION}' END::uuid,
     CASE WHEN n % 5000 = 1 THEN 'rare' ELSE 'usual' END, CASE WHEN n % 64 > 16 OR n % 99 = 0 THEN 'failed' ELSE 'success' END,
     1, 'answered 500', 'event', ${AT} ${FROM}`,
  `INSERT INTO deliveries (account_id, id, event, event_id, destination_id, event_type, attempts)
   SELECT account, ${ID}, ${ID}, 'e-' || n, '${DESTINATION}', 'usual', 1 ${FROM}`,
  `INSERT INTO events (account_id, id, event_id, payload, destination_ids)
   SELECT account, ${ID}, 'e-' || n, convert_to(md5(n::text), 'UTF8'), '{}' ${FROM}`,
  `INSERT INTO event_keys SELECT account, 'e-' || n, ${ID}, '' ${FROM}`,
  `INSERT INTO audit_log (account_id, seq, id, at, action, via, api_key_id, target_type, changes, prev_hash, hash)
   SELECT account, 1000 + n, ${ID}, ${AT}, 'patchAccount', 'session', CASE WHEN n % 500 = 1 THEN '${API_KEY}' END::uuid,
     'account', '{}', md5(n::text), '' ${FROM}`,
  `INSERT INTO search_blocks SELECT account, ${ID}, ${ID}, 1, decode(repeat('00', 2048), 'hex') ${FROM}`,
];

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

describe('a list among many rows', () => {
  let app: TestApp;
  let admin: TestUser;
  let account: TestAccount;
  let reader: TestUser;
  let parents: Map<string, string>;

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
    account = await createAccount(app, admin);
    const other = await createAccount(app, admin);
    // The connections of management end a statement that takes long.
    const client = new pg.Client(app.config.database);
    await client.connect();
    for (const statement of FILL) await client.query(statement, [account.id, other.id]);
    await client.query('VACUUM (ANALYZE)');
    await client.end();
    reader = await registerUser(app);
    await addMember(app, admin, account, reader, 'User');
    const rows: { name: string; parent: string }[] = await app.dataSource.query(
      `SELECT c.relname AS name, coalesce(p.relname, c.relname) AS parent FROM pg_class c
       LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent WHERE c.relkind = 'i'`,
    );
    parents = new Map(rows.map(({ name, parent }) => [name, parent]));
  });

  afterAll(() => app.close());

  async function explain({ text, values }: Statement): Promise<Plan[]> {
    const [row] = await app.dataSource.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
    return nodesOf(row['QUERY PLAN'][0].Plan);
  }

  async function plansOf(path: string): Promise<Plan[]> {
    const sent = await captureStatements(async () => {
      const { status } = await app.call('GET', path.replace('{}', account.id), {
        token: path.includes('{}') ? reader.token : admin.token,
      });
      expect(status).toBe(200);
    });
    const plans: Plan[] = [];
    for (const statement of sent.filter(({ text }) => /^\s*(SELECT|WITH)/.test(text)))
      plans.push(...(await explain(statement)));
    return plans;
  }

  const type = 'event_type=usual';
  const day = 'created_from=2020-03-01&created_to=2020-03-02';
  it.each([
    ['/accounts', 'accounts_pkey'],
    ['/accounts?q=c4ca4238a0b923', 'accounts_text_idx'],
    ['/accounts?q=nobody@nowhere', 'accounts_text_idx'],
    [`/accounts?${day}`, 'accounts_pkey'],
    ['/accounts/{}/destinations?q=c4ca4238a0b923', 'destinations_text_idx'],
    [`/accounts/{}/destinations?http_method=POST&state=active&${day}`, 'destinations_account_id_idx'],
    ['/accounts/{}/members?q=c4ca4238a0b923', 'members_text_idx'],
    ['/accounts/{}/logs', 'finished_deliveries_pkey'],
    ['/accounts/{}/logs?from=2020-03-01&to=2020-03-02', 'finished_deliveries_pkey'],
    ['/accounts/{}/logs?status=failed', 'finished_deliveries_unsuccessful_idx'],
    [`/accounts/{}/logs?destination_id=${DESTINATION}`, 'finished_deliveries_destination_id_status_idx'],
    [
      `/accounts/{}/logs?destination_id=${DEAD}&status=success`,
      'finished_deliveries_destination_id_status_idx',
    ],
    ['/accounts/{}/logs?event_type=rare', 'finished_deliveries_status_event_type_idx'],
    ['/accounts/{}/logs?event_type=rare&status=success', 'finished_deliveries_status_event_type_idx'],
    [
      `/accounts/{}/logs?${type}&destination_id=${DEAD}&status=success`,
      'finished_deliveries_destination_id_status_event_type_idx',
    ],
    ['/accounts/{}/logs?event_id=e-81', 'event_keys_pkey'],
    ['/audit', 'audit_log_pkey'],
    [`/audit?api_key_id=${API_KEY}`, 'audit_log_api_key_id_idx'],
    ['/logs', 'finished_deliveries_id_idx'],
    ['/logs?status=failed', 'finished_deliveries_unsuccessful_id_idx'],
    ['/logs?event_type=rare', 'finished_deliveries_status_event_type_idx'],
    ['/logs?event_type=rare&status=failed', 'finished_deliveries_status_event_type_idx'],
    [`/logs?destination_id=${DESTINATION}`, 'finished_deliveries_destination_id_status_idx'],
    ['/accounts/{}/logs?q=nowhere', 'search_blocks_pkey'],
    ['/accounts/{}/logs?q=nowhere', 'finished_deliveries_unsuccessful_idx'],
  ])('is served at %s by %s', async (path, index) => {
    const plans = await plansOf(path);
    const used = plans.flatMap((node) => (node['Index Name'] ? [parents.get(node['Index Name'])] : []));
    expect(used).toContain(index);
    const scanned = plans
      .filter((node) => node['Node Type'] === 'Seq Scan')
      .map((node) => node['Relation Name']);
    for (const table of [
      'accounts',
      'audit_log',
      'destinations',
      'finished_deliveries_default',
      'events_default',
      'search_blocks_default',
      'event_keys',
    ])
      expect(scanned).not.toContain(table);
  });

  it('goes through no destinations for a list that names none, even where nothing else would serve', async () => {
    await app.dataSource.query('DROP INDEX finished_deliveries_status_event_type_idx');
    const plans = await plansOf('/logs?event_type=rare');
    const used = plans.flatMap((node) => (node['Index Name'] ? [parents.get(node['Index Name'])] : []));
    expect(used.filter((name) => name?.includes('destination_id'))).toEqual([]);
  });
});
