import { historyOf } from './history.js';
import type { Received } from './receiver.js';
import type { Round } from './round.js';

export interface Expected {
  /** Deliveries that may arrive more than once. */
  duplicates: number;
  /** Statuses in which deliveries may end; success alone unless given. */
  statuses?: string[];
  /** Deliveries that ended otherwise, such as cancelled ones, are not lost. */
  mayEndUndelivered?: boolean;
}

export interface Verdict {
  accepted: number;
  delivered: number;
  lost: number;
  corrupt: number;
  unexpected: number;
  duplicates: number;
  bound: number;
  problems: string[];
}

interface Arrivals {
  /** Times that a 2xx was answered, by destination and event. */
  taken: Map<string, number>;
  corrupt: number;
  unexpected: number;
}

const keyOf = (destination: string, eventId: string): string => `${destination} ${eventId}`;

/** Compares what was acknowledged with what arrived and with what the product says of it. */
export async function judge(round: Round, expected: Expected): Promise<Verdict> {
  const { producer, destinations, rig } = round;
  const acknowledged = [...producer.ledger.values()].filter(({ acknowledgedAt }) => acknowledgedAt !== null);
  const { taken, corrupt, unexpected } = sort(rig.receiver.records, round);
  const missing = acknowledged.flatMap(({ id }) =>
    destinations.filter(({ path }) => !taken.has(keyOf(path, id))).map(({ path }) => keyOf(path, id)),
  );
  const bound = expected.duplicates + (await timeouts(round));
  const verdict = {
    accepted: acknowledged.length,
    delivered: taken.size,
    lost: expected.mayEndUndelivered ? 0 : missing.length,
    corrupt,
    unexpected,
    duplicates: [...taken.values()].reduce((sum, times) => sum + times - 1, 0),
    bound,
    problems: [...round.problems, ...producer.problems, ...rig.watch.problems.splice(0)],
  };
  if (verdict.lost > 0)
    verdict.problems.push(`${verdict.lost} lost, such as ${missing.slice(0, 3).join(', ')}`);
  if (corrupt > 0) verdict.problems.push(`${corrupt} deliveries were not the bytes that were sent`);
  if (unexpected > 0) verdict.problems.push(`${unexpected} deliveries of what was never sent`);
  if (verdict.duplicates > bound) {
    verdict.problems.push(`${verdict.duplicates} delivered again, at most ${bound} may be`);
    verdict.problems.push(...(await explainDuplicate(round, taken)));
  }
  verdict.problems.push(...(await judgeRows(round, acknowledged.length, expected)), ...crashes(round));
  return verdict;
}

function sort(records: Received[], { producer, destinations }: Round): Arrivals {
  const arrivals: Arrivals = { taken: new Map(), corrupt: 0, unexpected: 0 };
  const paths = new Set(destinations.map(({ path }) => path));
  for (const { destination, eventId, sha256, takenAt } of records) {
    const sent = producer.ledger.get(eventId);
    // Another round's: a process that was frozen may wake up late.
    if (!sent || !paths.has(destination)) arrivals.unexpected++;
    else if (sent.sha256 !== sha256) arrivals.corrupt++;
    else if (takenAt !== null) {
      const key = keyOf(destination, eventId);
      arrivals.taken.set(key, (arrivals.taken.get(key) ?? 0) + 1);
    }
  }
  return arrivals;
}

/** An answer that comes after the deadline counts as none: what was taken is sent again. */
async function timeouts({ rig, accountId }: Round): Promise<number> {
  const [row] = await rig.database.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM finished_deliveries f JOIN all_attempts a ON a.delivery_id = f.id
     WHERE f.account_id = $1 AND a.error LIKE 'timeout%' AND NOT a.superseded`,
    [accountId],
  );
  return row!.count;
}

/** The attempts of one event that arrived more than once. */
async function explainDuplicate(round: Round, taken: Arrivals['taken']): Promise<string[]> {
  const [key] = [...taken].find(([, times]) => times > 1)!;
  return [`  such as ${key}: ${await historyOf(round, key)}`];
}

/** What the tables say has to be the same story. */
async function judgeRows(round: Round, accepted: number, expected: Expected): Promise<string[]> {
  const { rig, accountId } = round;
  const [counts] = await rig.database.query<Record<string, number>>(COUNTS, [accountId]);
  const { open, events, created, keys, finished, twice, misnumbered } = counts!;
  const problems: string[] = [];
  const check = (isRight: boolean, problem: string) => void (isRight || problems.push(problem));
  check(open === 0, `${open} deliveries are in no terminal state`);
  check(keys! >= accepted, `${accepted} accepted, but ${keys} keys are stored`);
  check(keys! <= round.producer.ledger.size, `${keys} keys are stored of ${round.producer.ledger.size} sent`);
  check(events === keys, `${events} events are stored under ${keys} keys`);
  check(twice === 0, `${twice} pairs of event and destination have more than one delivery`);
  check(
    misnumbered === 0,
    `${misnumbered} deliveries have another number of attempts than the log of attempts`,
  );
  check(finished === created, `${created} deliveries were made, ${finished} are finished`);
  if (misnumbered! > 0) problems.push(...(await explainMisnumbered(round)));
  problems.push(...(await wrongStatuses(round, expected)), ...(await secretsInRows(round)));
  return problems;
}

const COUNTS = `
  SELECT (SELECT count(*)::integer FROM deliveries WHERE account_id = $1) AS open,
    (SELECT count(*)::integer FROM events WHERE account_id = $1) AS events,
    (SELECT coalesce(sum(cardinality(destination_ids)), 0)::integer FROM events WHERE account_id = $1) AS created,
    (SELECT count(*)::integer FROM event_keys WHERE account_id = $1) AS keys,
    (SELECT count(*)::integer FROM finished_deliveries WHERE account_id = $1) AS finished,
    (SELECT count(*)::integer FROM (
      SELECT 1 FROM finished_deliveries WHERE account_id = $1 GROUP BY event, destination_id HAVING count(*) > 1
    ) twice) AS twice,
    (SELECT count(*)::integer FROM finished_deliveries f WHERE account_id = $1 AND attempts <> (
      SELECT count(*) FROM all_attempts a WHERE a.delivery_id = f.id AND NOT superseded)) AS misnumbered`;

async function explainMisnumbered({ rig, accountId }: Round): Promise<string[]> {
  const rows = await rig.database.query<{ said: string }>(
    `SELECT concat_ws(' ', f.id, f.status, f.attempts, 'attempts at', f.processed_at, (
       SELECT string_agg(concat_ws(' ', '| number', number, started_at, duration_ms, 'ms', coalesce(error, status_code::text),
         CASE WHEN superseded THEN 'superseded' END), ' ') FROM all_attempts a WHERE a.delivery_id = f.id)) AS said
     FROM finished_deliveries f WHERE account_id = $1 AND attempts <> (
       SELECT count(*) FROM all_attempts a WHERE a.delivery_id = f.id AND NOT superseded) LIMIT 2`,
    [accountId],
  );
  return rows.map(({ said }) => `  such as ${said}`);
}

async function wrongStatuses(
  { rig, accountId }: Round,
  { statuses = ['success'] }: Expected,
): Promise<string[]> {
  const rows = await rig.database.query<{ status: string; count: number; example: string }>(
    `SELECT status, count(*)::integer AS count, min(last_error) AS example FROM finished_deliveries
     WHERE account_id = $1 AND status <> ALL($2::text[]) GROUP BY status`,
    [accountId, statuses],
  );
  return rows.map(({ status, count, example }) => `${count} deliveries ended as ${status}: ${example}`);
}

async function secretsInRows({ rig, accountId }: Round): Promise<string[]> {
  const rows = await rig.database.query<{ text: string }>(
    `SELECT f::text AS text FROM finished_deliveries f WHERE account_id = $1
     UNION ALL SELECT a::text FROM all_attempts a WHERE delivery_id IN (
       SELECT id FROM finished_deliveries WHERE account_id = $1)`,
    [accountId],
  );
  const found = rows.map(({ text }) => rig.watch.findSecret(text)).filter((secret) => secret !== null);
  return found.length > 0 ? [`${found.length} rows of the log hold a secret, such as ${found[0]}`] : [];
}

/** Whoever ended without being told to has crashed. */
function crashes({ rig, startedAt }: Round): string[] {
  return rig.processes.flatMap(({ name, deaths }) =>
    deaths
      .filter(({ at, wanted }) => at > startedAt && !wanted)
      .map(({ how, lastLines }) => `${name} ended by itself with ${how}:\n${lastLines}`),
  );
}
