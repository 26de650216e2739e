// The load generator, a process of its own. Closed loop: each connection sends, waits for the answer and sends
// again. Open loop: requests leave when a clock says so, however late the answers are, and latency counts from
// the moment a request was meant to leave. Raw sockets, because a full HTTP client would take the CPU from what
// is measured.
import { answer, cpuMicros, ready } from './answers.mjs';
import { now } from './clock.mjs';
import { Connection, makeTemplate } from './connection.mjs';
import { seededRandom, summarise, zipf } from './stats.mjs';

const MAX_OPEN_CONNECTIONS = 1500;

async function run(options) {
  const { port, path, tokens = [], body, repeats = 0, firstSeq = 0 } = options;
  const state = {
    ...options,
    template: makeTemplate({ port, path, body, hasToken: tokens.length > 0 }),
    tokens: tokens.map((token) => Buffer.from(token)),
    random: seededRandom(7),
    repeats,
    nextSeq: firstSeq,
    latencies: [],
    accountOf: [],
    counts: { accepted: 0, duplicates: 0, refused: 0 },
    statuses: {},
  };
  state.pickAccount = accountPicker(state);
  const cpuBefore = cpuMicros();
  const startedAt = now();
  await (options.rate ? openLoop(state, startedAt) : closedLoop(state, startedAt));
  const seconds = (now() - startedAt) / 1000;
  return {
    ...state.counts,
    statuses: state.statuses,
    startedAt,
    seconds,
    firstSeq,
    events: state.nextSeq - firstSeq,
    busy: (cpuMicros() - cpuBefore) / 1e6 / seconds,
    ...summarise(state.latencies),
    ...(options.rate && { accountOf: Uint16Array.from(state.accountOf) }),
  };
}

/** All alike where each account gets one, else as the ranks of Zipf say. */
function accountPicker({ tokens, eachAccount, random }) {
  if (tokens.length < 2) return () => 0;
  let next = 0;
  return eachAccount ? () => next++ % tokens.length : zipf(tokens.length, random);
}

function closedLoop(state, startedAt) {
  const until = startedAt + (state.seconds ?? Infinity) * 1000;
  const last = state.firstSeq + (state.count ?? Infinity);
  return Promise.all(
    Array.from({ length: state.connections }, async () => {
      const connection = await Connection.open(state.port, state.template);
      while (now() < until && state.nextSeq < last) {
        const seq = isRepeat(state) ? pickRecent(state) : state.nextSeq++;
        const sentAt = now();
        count(state, await connection.send(seq, state.tokens[state.pickAccount()]), sentAt);
      }
      connection.close();
    }),
  );
}

const isRepeat = ({ repeats, random, nextSeq, firstSeq }) =>
  repeats > 0 && nextSeq > firstSeq && random() < repeats;

/** One of the last ids: about half of them are still under way on another connection. */
const pickRecent = ({ random, nextSeq, firstSeq, connections }) =>
  Math.max(firstSeq, nextSeq - 1 - Math.floor(random() * connections * 2));

async function openLoop(state, startedAt) {
  const total = Math.round(state.rate * state.seconds);
  const idle = [];
  const waiting = [];
  const flights = [];
  const everyMs = 1000 / state.rate;
  let opened = 0;
  const use = async (connection) => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      count(state, await connection.send(next.seq, state.tokens[next.account]), next.intendedAt);
    idle.push(connection);
  };
  const launch = (index) => {
    const account = state.pickAccount();
    state.accountOf.push(account);
    waiting.push({ seq: state.nextSeq++, account, intendedAt: startedAt + index * everyMs });
    if (idle.length > 0) flights.push(use(idle.pop()));
    else if (opened < MAX_OPEN_CONNECTIONS && ++opened)
      flights.push(Connection.open(state.port, state.template).then(use));
  };
  for (let sent = 0; sent < total; await tick())
    while (sent < total && startedAt + sent * everyMs <= now()) launch(sent++);
  await Promise.all(flights);
  for (const connection of idle) connection.close();
}

const tick = () => new Promise((resolve) => setTimeout(resolve, 1));

function count({ latencies, counts, statuses }, status, sentAt) {
  latencies.push(now() - sentAt);
  if (status === 202) counts.accepted++;
  else if (status === 200) counts.duplicates++;
  else counts.refused++;
  statuses[status] = (statuses[status] ?? 0) + 1;
}

answer({ run });
ready();
