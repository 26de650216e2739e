// Every destination of a benchmark, in a process of its own. The path says how to behave and who is meant:
// /ok/7, /after-5000/7, /status-500/7, /hang/7. Keeps what arrived when, for the latencies.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { answer, ready } from './answers.mjs';
import { Arrivals } from './arrivals.mjs';
import { SEQUENCE, SEQUENCE_AT } from './bodies.mjs';

const arrivals = new Arrivals();
const behaviours = new Map();
const SEQUENCE_END = SEQUENCE_AT + SEQUENCE.length;
const tls = { handshakes: 0, open: 0, peak: 0 };

function behaviourOf(path) {
  let behaviour = behaviours.get(path);
  if (!behaviour) {
    const [, kind, destination] = path.split('/');
    const [verb, number] = kind.split('-');
    behaviour = { kind, destination: Number(destination), hangs: verb === 'hang' };
    behaviour.delayMs = verb === 'after' ? Number(number) : 0;
    const status = verb === 'status' ? Number(number) : 200;
    behaviour.answer = Buffer.from(`HTTP/1.1 ${status} Benchmark\r\ncontent-length: 0\r\n\r\n`);
    behaviours.set(path, behaviour);
  }
  return behaviour;
}

function serve(socket) {
  let rest = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = rest.latin1Slice(0, end);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (rest.length < end + 4 + length) return;
      take(socket, head, rest.subarray(end + 4));
      rest = rest.subarray(end + 4 + length);
    }
  });
}

function take(socket, head, body) {
  const pathAt = head.indexOf(' ') + 1;
  const behaviour = behaviourOf(head.slice(pathAt, head.indexOf(' ', pathAt)));
  const attempt = Number(/\r\ncl-x-attempt: (\d+)/i.exec(head)?.[1] ?? 1);
  arrivals.add(behaviour, Number(body.latin1Slice(SEQUENCE_AT, SEQUENCE_END)), attempt);
  if (behaviour.hangs) return;
  if (behaviour.delayMs === 0) socket.write(behaviour.answer);
  else setTimeout(() => socket.writable && socket.write(behaviour.answer), behaviour.delayMs);
}

const listen = (server, port, address) =>
  new Promise((resolve, reject) =>
    server.once('error', reject).listen(port, address, () => resolve(server.address().port)),
  );

/** @returns the port; the same on many loopback addresses, so that destinations can be on many hosts. */
async function listenOnHosts(hosts) {
  const port = await listen(createServer(serve), 0, hosts[0]);
  await Promise.all(hosts.slice(1).map((host) => listen(createServer(serve), port, host)));
  return port;
}

function countTls(socket) {
  tls.handshakes++;
  tls.peak = Math.max(tls.peak, ++tls.open);
  socket.on('close', () => tls.open--);
  serve(socket);
}

async function listenTls() {
  const { BENCH_CERTIFICATE: certificate, BENCH_KEY: key } = process.env;
  if (!certificate) return null;
  const server = createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, countTls);
  return listen(server, 0, '127.0.0.1');
}

answer({
  count: () => arrivals.firsts,
  report: () => ({ ...arrivals.report(), tls: { ...tls } }),
  reset: () => {
    arrivals.reset();
    Object.assign(tls, { handshakes: 0, peak: tls.open });
  },
});
const hosts = process.env.BENCH_HOSTS.split(',');
ready({ hosts, port: await listenOnHosts(hosts), tlsPort: await listenTls() });
