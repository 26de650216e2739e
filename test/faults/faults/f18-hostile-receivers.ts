import { setTimeout as sleep } from 'node:timers/promises';
import { type RawServer, startRawServer } from '../../support/raw-tcp-server.js';
import { waitFor } from '../../support/wait-for.js';
import { call } from '../harness/call.js';
import type { Fault } from '../harness/fault.js';
import { hostiles } from '../harness/hostile.js';
import { freePort } from '../harness/rig.js';
import type { Round } from '../harness/round.js';
import { residentMb } from './f12-locked-table.js';

const DEADLINE_MS = 2000;
const SLOT_MS = 500;
const GROWTH_MB = 20;
/** At once, one more than a destination's places; then some more, so that its neighbour is seen for a while. */
const AT_ONCE = 5;
const LATER = 10;
const LATER_EVERY_MS = 500;
const TIMES = AT_ONCE + LATER;
const PLACES = 4;
/** What was just started computes slowly. */
const WARM_MS = 2000;
const CALM_MS = 5000;
/** Below that a doubled latency says nothing. */
const FLOOR_MS = 25;

/** Every way in which a destination can misbehave, beside one that is healthy. */
export const hostileReceivers: Fault = {
  id: 'F18',
  title: 'hostile receivers beside a healthy one',
  rig: { env: { RETRY_SCHEDULE: '0s', DELIVERY_TIMEOUT_MS: String(DEADLINE_MS) } },
  round: { destinations: 1, maxInFlight: 32 },
  async run(round, { slackMs }) {
    const { rig, producer } = round;
    const server = await startRawServer((socket, request) => {
      const name = /^POST \/([^ ?]+)/.exec(request)?.[1];
      hostiles.find((hostile) => hostile.name === name)?.act(socket);
    });
    const plain = await startRawServer(() => undefined);
    plain.onConnection = (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    producer.run(50);
    await sleep(WARM_MS);
    const warm = performance.now();
    await sleep(CALM_MS);
    const calm = p95(round, warm, performance.now());
    const memoryMb = () => Math.max(...rig.workers.map(({ pid }) => residentMb(pid)));
    const before = memoryMb();
    const account = await openHostileAccount(round, server, plain);
    const from = performance.now();
    for (let time = 0; time < AT_ONCE; time++) await sendTo(round, account.token);
    await attempted(round, account, AT_ONCE, slackMs);
    // Later it grows as every young process does, which fills its young memory for the first time.
    const grown = memoryMb() - before;
    for (let time = AT_ONCE; time < TIMES; time++) {
      await sendTo(round, account.token);
      await sleep(LATER_EVERY_MS);
    }
    await attempted(round, account, TIMES, slackMs);
    const busy = p95(round, from, performance.now());
    await producer.finish();
    await server.close();
    await plain.close();
    round.note(
      `${account.names.size} ways; neighbour's p95 ${calm} ms before, ${busy} ms beside; memory + ${grown} MB`,
    );
    round.check(busy <= Math.max(2 * calm, FLOOR_MS), `the neighbour's p95 went from ${calm} to ${busy} ms`);
    round.check(grown <= GROWTH_MB, `a worker grew by ${grown} MB`);
    await judgeAttempts(round, account, slackMs);
    return { duplicates: 0 };
  },
};

interface HostileAccount {
  id: string;
  token: string;
  /** What each destination does. */
  names: Map<string, { name: string; reason: string | null }>;
}

async function openHostileAccount(
  round: Round,
  server: RawServer,
  plain: RawServer,
): Promise<HostileAccount> {
  const { body: account } = await round.api('POST', '/accounts', { account_name: 'Hostile' });
  await round.api('PATCH', `/accounts/${account.id}`, { rate_limit_per_second: 1000 });
  const names: HostileAccount['names'] = new Map();
  const refusing = { name: 'refuses', reason: 'refused', url: `http://127.0.0.1:${await freePort()}/` };
  const noTls = { name: 'no-tls', reason: 'tls', url: `https://127.0.0.1:${plain.port}/` };
  const misbehaving = hostiles.map(({ name, reason }) => {
    return { name, reason, url: `http://127.0.0.1:${server.port}/${name}` };
  });
  for (const { name, reason, url } of [...misbehaving, refusing, noTls]) {
    const { body } = await round.api('POST', `/accounts/${account.id}/destinations`, {
      url,
      max_in_flight: PLACES,
    });
    names.set(body.id, { name, reason });
  }
  return { id: account.id, token: account.app_secret_token, names };
}

async function sendTo({ rig }: Round, token: string): Promise<void> {
  const options = { body: {}, headers: { 'cl-x-token': token } };
  const { status } = await call(rig.urls[0]!, 'POST', '/api/server/incoming_data', options);
  if (status !== 202) throw new Error(`an event for hostile destinations was answered ${status}`);
}

/** Waits until each hostile destination has had so many attempts. */
async function attempted(
  round: Round,
  { id, names }: HostileAccount,
  times: number,
  slackMs: number,
): Promise<void> {
  await waitFor(async () => (await attempts(round, id)).length === times * names.size, {
    timeoutMs: Math.ceil(times / PLACES) * (DEADLINE_MS + SLOT_MS) + slackMs,
    what: `${times} attempts for each hostile destination`,
  });
}

interface AttemptRow {
  destination_id: string;
  status: string;
  error: string | null;
  duration_ms: number;
}

function attempts({ rig }: Round, accountId: string): Promise<AttemptRow[]> {
  return rig.database.query<AttemptRow>(
    `SELECT f.destination_id, f.status, a.error, a.duration_ms
     FROM finished_deliveries f JOIN all_attempts a ON a.delivery_id = f.id WHERE f.account_id = $1`,
    [accountId],
  );
}

async function judgeAttempts(round: Round, { id, names }: HostileAccount, slackMs: number): Promise<void> {
  const rows = await attempts(round, id);
  for (const [destinationId, { name, reason }] of names) {
    const own = rows.filter((row) => row.destination_id === destinationId);
    const said = [...new Set(own.map(({ status, error }) => (status === 'success' ? null : (error ?? ''))))];
    const isRight =
      said.length === 1 && (reason === null ? said[0] === null : said[0]?.startsWith(`${reason}:`));
    round.check(own.length === TIMES, `${name} has ${own.length} attempts of ${TIMES} deliveries`);
    round.check(
      Boolean(isRight),
      `${name} should be logged as ${reason ?? 'success'}, not as ${said.join(' and ')}`,
    );
    const slowest = Math.max(...own.map((row) => row.duration_ms));
    round.check(slowest <= DEADLINE_MS + SLOT_MS + slackMs, `${name} kept its place for ${slowest} ms`);
  }
}

/** From acknowledgement to arrival at the healthy destination. */
function p95({ rig, producer }: Round, from: number, to: number): number {
  const waits = rig.receiver.records
    .filter(({ at }) => at >= from && at < to)
    .map(({ at, eventId }) => at - (producer.ledger.get(eventId)?.acknowledgedAt ?? at))
    .sort((a, b) => a - b);
  return Math.round(waits[Math.floor(waits.length * 0.95)] ?? 0);
}
