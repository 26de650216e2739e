// A load generator in a process of its own: as many connections as told, each sends a request and waits for
// its answer. Raw sockets, because a full HTTP client would take the CPU away from what is measured.
import { connect } from 'node:net';

process.on('message', (load) => void run(load));

async function run({ port, path, headers, body, connections, seconds }) {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n`;
  const fields = Object.entries({
    ...headers,
    'content-type': 'application/json',
    'content-length': body.length,
  });
  const request = `${head}${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
  const counts = { accepted: 0, refused: 0 };
  const latencies = [];
  const until = performance.now() + seconds * 1000;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: connections }, () =>
      keepSending(port, Buffer.from(request), until, counts, latencies),
    ),
  );
  latencies.sort((a, b) => a - b);
  const at = (share) => Math.round((latencies[Math.floor(latencies.length * share)] ?? 0) * 100) / 100;
  process.send({
    ...counts,
    seconds: (performance.now() - started) / 1000,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
  });
}

function keepSending(port, request, until, counts, latencies) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    let sentAt = 0;
    let text = '';
    const send = () => {
      if (performance.now() >= until) {
        socket.end();
        return resolve();
      }
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk.latin1Slice();
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      const status = Number(text.slice(9, 12));
      if (status >= 200 && status < 300) counts.accepted++;
      else counts.refused++;
      latencies.push(performance.now() - sentAt);
      text = '';
      send();
    });
  });
}
