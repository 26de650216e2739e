import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api, DemoError, bodyOf } from './demo/api.mjs';
import { makeEvents } from './demo/events.mjs';
import { Ledger } from './demo/ledger.mjs';
import { Receiver, failTwice } from './demo/receiver.mjs';
import { formatTable, formatTotals, showProgress, sum, summarise } from './demo/report.mjs';
import { checkServer, createAccount, createDestination, signIn } from './demo/setup.mjs';
import { readOptions } from './usage.mjs';

readOptions(
  'demo',
  'Sends events through a running server to two receivers and checks that each arrived once.',
);

const EVENTS = 101;
/** Slow enough to be watched, and to pull a plug meanwhile. */
const SEND_EVERY_MS = 50;
const ACCEPT_LIMIT_MS = 120_000;
const ARRIVE_LIMIT_MS = 180_000;
const LOG_LIMIT_MS = 60_000;
const CLEAN_UP_LIMIT_MS = 2000;

if (existsSync('.env')) process.loadEnvFile('.env');
const { DATA_PUSHER_URL, PORT, DEMO_EMAIL, DEMO_PASSWORD } = process.env;
const base = DATA_PUSHER_URL || `http://localhost:${PORT || 8000}`;
const admin = {
  // That of the walk in the README, so that either may come first.
  email: DEMO_EMAIL || 'john123@gmail.com',
  password: DEMO_PASSWORD || 'Demo@123',
};

const api = new Api(base.replace(/\/+$/, ''));
const events = makeEvents(EVENTS - 1);
const ledger = new Ledger(events);
const receivers = [new Receiver('steady', ledger), new Receiver('flaky', ledger, failTwice())];
let account;

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop());

try {
  await prepare();
  process.exitCode = report(await run()) ? 0 : 1;
  for (const receiver of receivers) receiver.close();
} catch (error) {
  console.error(error instanceof DemoError ? error.message : error);
  // At once: other events may still be on their way.
  process.exit(1);
}

async function prepare() {
  await checkServer(api);
  console.log(await signIn(api, admin));
  account = await createAccount(api);
  console.log(
    `Account "${account.name}", its rate limit raised from 5 to ${account.rateLimit} events per second.`,
  );
  for (const receiver of receivers) {
    await receiver.start();
    receiver.destinationId = await createDestination(api, account, receiver);
    console.log(`Destination ${receiver.url}`);
  }
  console.log(
    `Sending ${EVENTS} events. The flaky destination fails twice, then answers; retries come after 5 s.`,
  );
}

async function run() {
  const endProgress = showProgress(describeProgress);
  try {
    await Promise.all(events.map(send));
    await arrival();
    return await readSettledLog();
  } finally {
    endProgress();
  }
}

/** A 2xx is the server's promise to keep the event: from there on it counts. */
async function send({ id, body }, index) {
  await sleep(index * SEND_EVERY_MS);
  const headers = { 'cl-x-token': account.eventToken, 'cl-x-event-id': id };
  const options = { body, headers, limitMs: ACCEPT_LIMIT_MS };
  bodyOf(await api.insist('POST', '/api/server/incoming_data', options), 200, 202);
  ledger.acknowledged.add(id);
}

/** Ends when everything has arrived, or when nothing can make it right any more. */
async function arrival() {
  const isOver = () => receivers.every((each) => each.corrupt > 0 || each.missing().length === 0);
  for (const deadline = Date.now() + ARRIVE_LIMIT_MS; !isOver() && Date.now() < deadline; await sleep(200))
    // Only so that the progress tells when the server is away.
    await api.insist('GET', '/health/live', { limitMs: ARRIVE_LIMIT_MS });
}

/** The last results are recorded a moment after they arrive, after a crash with the next attempt. */
async function readSettledLog() {
  for (const deadline = Date.now() + LOG_LIMIT_MS; ; await sleep(250)) {
    const log = await readLog();
    const isSettled = log.every(({ processed_at: processedAt }) => processedAt !== null);
    if (isSettled || Date.now() > deadline) return log;
  }
}

async function readLog() {
  const path = `/api/accounts/${account.id}/logs?limit=200`;
  const log = [];
  for (let cursor = ''; cursor !== null;) {
    const query = cursor && `&cursor=${cursor}`;
    const page = bodyOf(await api.insist('GET', path + query, { limitMs: ACCEPT_LIMIT_MS }), 200);
    log.push(...page.data);
    cursor = page.page.next;
  }
  return log;
}

function describeProgress() {
  const delivered = receivers.reduce((total, { exact }) => total + exact.size, 0);
  const counts = `${ledger.acknowledged.size} of ${EVENTS} accepted, ${delivered} of ${2 * EVENTS} delivered`;
  return api.trouble ? `${counts} (${api.trouble} Trying again.)` : counts;
}

/** @returns whether every event arrived as it was sent and the log knows it. */
function report(log) {
  const rows = summarise(log, ledger, receivers);
  const open = log.filter(({ status }) => status !== 'success');
  console.log(`\n${formatTable(rows)}\n`);
  for (const { event_id: id, url, status, last_error: error } of open.slice(0, 5))
    console.log(`${id} to ${url} is ${status}: ${error ?? 'no attempt yet'}`);
  const lost = sum(rows, 'lost');
  if (lost > 0)
    console.log(
      `${lost} deliveries are missing ${ARRIVE_LIMIT_MS / 1000} s after the last event was accepted.`,
    );
  console.log(`Console     ${api.base}/admin\nBull Board  ${api.base}/queues\n`);
  console.log(formatTotals(rows));
  return rows.every((row) => row.lost === 0 && row.corrupt === 0 && row.delivered === row.accepted);
}

/** Cancels what is still to be delivered: by the time of its retry the port may be somebody else's. */
async function stop() {
  const created = receivers.filter(({ destinationId }) => destinationId);
  const removed = created.map(({ destinationId: id }) =>
    api.call('DELETE', `/api/accounts/${account.id}/destinations/${id}`),
  );
  await Promise.race([Promise.allSettled(removed), sleep(CLEAN_UP_LIMIT_MS)]);
  console.error('\nStopped.');
  process.exit(130);
}
