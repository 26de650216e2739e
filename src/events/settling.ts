import { cancelling } from './cancelling.js';

/** As many deliveries as a request may wait for, and as others may wait behind. */
export const BATCH = 2000;

/** What becomes of open deliveries: they follow their destination, or end with it or their account. */
export type Settled = 'due' | 'held' | 'ofDestination' | 'ofAccount';

const SETTLED = `
  CASE WHEN deleted_at IS NOT NULL THEN 'ofDestination' WHEN state = 'active' THEN 'due' ELSE 'held' END AS settled`;

/** Far longer than any process takes to hear of a change and to end what it has under way. */
const UNTIL = `now() + interval '10 minutes'`;

/** Marks what was just changed, so that its deliveries follow whoever dies, and says what becomes of them. */
export const MARK_DESTINATION = `
  UPDATE destinations SET settling_until = ${UNTIL} WHERE id = $1 RETURNING ${SETTLED}`;
export const MARK_ACCOUNT = `
  UPDATE accounts SET settling_until = ${UNTIL} WHERE id = $1 RETURNING 'ofAccount' AS settled`;

/** Everything that is marked; `over` once its time is. */
export const FIND_MARKED = `
  SELECT id, 'destinations' AS "table", ${SETTLED}, settling_until < now() AS over
  FROM destinations WHERE settling_until IS NOT NULL
  UNION ALL
  SELECT id, 'accounts', 'ofAccount', settling_until < now()
  FROM accounts WHERE settling_until IS NOT NULL AND deleted_at IS NOT NULL`;

/** Open deliveries that are not in line yet. Those under way are held by whoever works on them. */
const astray: Record<Settled, string> = {
  due: `due_at = 'infinity' AND status = 'held'`,
  held: `due_at < 'infinity' AND status <> 'held' AND (lease_token IS NULL OR lease_until < now())`,
  ofDestination: `due_at <= 'infinity'`,
  ofAccount: 'true',
};

/** Ends the mark of $1 once its time is over and nothing is left, also of what was left out because of somebody else. */
export const unmark = (table: 'destinations' | 'accounts', settled: Settled): string => `
  UPDATE ${table} SET settling_until = NULL WHERE id = $1 AND settling_until < now() AND NOT EXISTS (
    SELECT FROM deliveries WHERE ${table === 'accounts' ? 'account_id' : 'destination_id'} = $1 AND ${astray[settled]})`;

/** The destination stays what it is meanwhile; one that is being changed at this moment is left to whoever does it. */
const chosenOf = (condition: string, deliveries: string): string => `
  destination AS (SELECT id FROM destinations WHERE id = $1 AND ${condition} FOR SHARE SKIP LOCKED),
  chosen AS (
    SELECT id FROM deliveries WHERE destination_id = (SELECT id FROM destination) AND ${deliveries}
    LIMIT $2 FOR UPDATE SKIP LOCKED)`;

const updating = (values: string): string => `
  changed AS (UPDATE deliveries SET ${values} WHERE id IN (SELECT id FROM chosen) RETURNING id)
  SELECT count(*)::integer AS count FROM changed`;

/**
 * For destination or account $1: brings up to $2 of its open deliveries in line with it, and counts them. What somebody
 * else works on at this moment is left out, so that nobody waits for anybody.
 */
export const settle: Record<Settled, string> = {
  due: `WITH
    ${chosenOf(`state = 'active' AND deleted_at IS NULL`, astray.due)},
    ${updating(`due_at = now(), status = CASE WHEN attempts > 0 THEN 'retrying' ELSE 'pending' END`)}`,
  held: `WITH
    ${chosenOf(`state <> 'active' AND deleted_at IS NULL`, `${astray.held} ORDER BY due_at`)},
    ${updating(`due_at = 'infinity', status = 'held'`)}`,
  ofDestination: `WITH
    ${chosenOf('deleted_at IS NOT NULL', `${astray.ofDestination} ORDER BY due_at`)},
    ${cancelling(`'The destination was deleted.'`, 'now()')}`,
  ofAccount: `WITH
    account AS (SELECT id FROM accounts WHERE id = $1 AND deleted_at IS NOT NULL),
    chosen AS (
      SELECT id FROM deliveries WHERE account_id = (SELECT id FROM account)
      ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED),
    ${cancelling(`'The account was deleted.'`, 'now()')}`,
};
