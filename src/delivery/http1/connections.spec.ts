import { lookup } from 'node:dns';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';
import {
  httpAnswer,
  type RawHandler,
  type RawServer,
  startRawServer,
} from '../../../test/support/raw-tcp-server.js';
import { Connections } from './connections.js';
import type { Exchange, HttpRequest } from './exchange.js';
import { requestHead } from './request-head.js';
import { type Connect, socketConnector } from './socket-connector.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(handler: RawHandler): Promise<RawServer> {
  const server = await startRawServer(handler);
  cleanups.push(() => server.close());
  return server;
}

const connectTo = (port: number): Connect =>
  socketConnector({ isTls: false, hostname: '127.0.0.1', port, lookup, connectTimeoutMs: 5000 });

function connectionsTo(port: number, limit = 4): Connections {
  const connections = new Connections(connectTo(port), limit);
  cleanups.push(() => connections.destroy());
  return connections;
}

const request = (body = '{}'): HttpRequest => ({
  head: requestHead('POST', '/', 'x.test', [], body.length),
  body: Buffer.from(body),
});

/** Resolves with the status, once the answer has ended. */
function ask(connections: Connections, message = request()): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = 0;
    connections.dispatch(message, {
      isOver: false,
      onConnection: () => true,
      onSent: () => undefined,
      onHead: (statusCode) => (status = statusCode),
      onBody: () => undefined,
      onEnd: () => resolve(status),
      onError: reject,
    });
  });
}

it('are no more than their limit, whoever asks, and used again', async () => {
  const server = await serve((socket) => void socket.write(httpAnswer()));
  const connections = connectionsTo(server.port, 2);
  for (let round = 0; round < 3; round++)
    expect(await Promise.all(Array.from({ length: 9 }, () => ask(connections)))).toEqual(Array(9).fill(200));
  expect(server.connections).toBe(2);
});

it('take the one that was used last, so that the others end', async () => {
  const used: Socket[] = [];
  const server = await serve((socket) => {
    used.push(socket);
    // The first three are under way at once.
    if (used.length === 3) for (const each of used) each.write(httpAnswer());
    if (used.length > 3) socket.write(httpAnswer());
  });
  const connections = connectionsTo(server.port);
  await Promise.all([ask(connections), ask(connections), ask(connections)]);
  for (let i = 0; i < 6; i++) await ask(connections);
  expect(new Set(used.slice(0, 3)).size).toBe(3);
  // A second one while the first is being put back.
  expect(new Set(used.slice(3)).size).toBeLessThanOrEqual(2);
});

it('end a connection before the other side does, which says how long it waits', async () => {
  const closed: Promise<unknown>[] = [];
  const server = await serve((socket) => {
    closed.push(once(socket, 'close'));
    socket.write(httpAnswer('', 'HTTP/1.1 200 OK\r\nkeep-alive: timeout=3'));
  });
  const startedAt = performance.now();
  await ask(connectionsTo(server.port));
  await closed[0];
  const seconds = (performance.now() - startedAt) / 1000;
  expect(seconds).toBeGreaterThan(0.9);
  expect(seconds).toBeLessThan(3);
});

it.each<[string, RawHandler]>([
  [
    'says that it ends',
    (socket) => void socket.write(httpAnswer('', 'HTTP/1.1 200 OK\r\nconnection: close')),
  ],
  ['ends without saying so', (socket) => void socket.end(httpAnswer())],
  ['says more than was asked', (socket) => void socket.write(`${httpAnswer()}more`)],
])('do not use one again that %s', async (_, handler) => {
  const server = await serve(handler);
  const connections = connectionsTo(server.port, 1);
  for (let i = 0; i < 3; i++) expect(await ask(connections)).toBe(200);
  expect(server.connections).toBe(3);
});

it('end one that speaks without being asked', async () => {
  const server = await serve((socket) => void socket.write(httpAnswer()));
  const sockets: Socket[] = [];
  server.onConnection = (socket) => void sockets.push(socket);
  const connections = connectionsTo(server.port);
  await ask(connections);
  const startedAt = performance.now();
  sockets[0]!.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  await once(sockets[0]!, 'close');
  // Well before it would end for want of use.
  expect(performance.now() - startedAt).toBeLessThan(3000);
  expect(await ask(connections)).toBe(200);
  expect(server.connections).toBe(2);
});

it('hear an answer that comes before everything was sent, and do not use that one again', async () => {
  const server = await serve((socket) => void socket.write(httpAnswer()));
  server.onConnection = (socket) => {
    if (server.connections > 1) return;
    socket.pause();
    socket.write(httpAnswer('', 'HTTP/1.1 413 Too Large'));
  };
  const connections = connectionsTo(server.port, 1);
  expect(await ask(connections, request('x'.repeat(20_000_000)))).toBe(413);
  expect(await ask(connections)).toBe(200);
});

it('tell each that waits of a connection that could not be made', async () => {
  const server = await startRawServer(() => undefined);
  await server.close();
  const connections = connectionsTo(server.port, 1);
  const asked = await Promise.allSettled([ask(connections), ask(connections), ask(connections)]);
  const refused = { reason: { code: 'ECONNREFUSED' } };
  expect(asked).toMatchObject([refused, refused, refused]);
});

it('are ended wherever they are, and whoever waits hears of it', async () => {
  let arrive = (): void => undefined;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const server = await serve(() => arrive());
  const connections = connectionsTo(server.port, 1);
  const asked = Promise.allSettled([ask(connections), ask(connections)]);
  await arrived;
  connections.destroy();
  const closed = { reason: { code: 'ECONNRESET' } };
  expect(await asked).toMatchObject([closed, closed]);
});

it('end each in its own time', async () => {
  const closed: Promise<unknown>[] = [];
  const server = await serve((socket, _, index) => {
    closed.push(once(socket, 'close'));
    socket.write(httpAnswer('', `HTTP/1.1 200 OK\r\nkeep-alive: timeout=${index === 0 ? 600 : 3}`));
  });
  const connections = connectionsTo(server.port);
  await Promise.all([ask(connections), ask(connections)]);
  const startedAt = performance.now();
  await closed[1];
  expect(performance.now() - startedAt).toBeLessThan(3000);
});

it('end one that was opened for somebody who waits no more', async () => {
  const server = await serve(() => undefined);
  const connections = connectionsTo(server.port);
  const closed = new Promise((resolve) => {
    server.onConnection = (socket) => void once(socket, 'close').then(resolve);
  });
  const refuses = { isOver: false, onConnection: () => false } as unknown as Exchange;
  connections.dispatch(request(), refuses);
  await closed;
  expect(server.requests).toEqual([]);
});

it('do not make the next one wait for one that nobody answers', async () => {
  const server = await serve((socket) => void socket.write(httpAnswer()));
  let tries = 0;
  const connect = connectTo(server.port);
  const connections = new Connections((...asked) => {
    if (tries++ > 0) connect(...asked);
  }, 4);
  cleanups.push(() => connections.destroy());
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const givesUp = { isOver: false, onConnection: () => false };
  connections.dispatch(request(), givesUp as unknown as Exchange);
  vi.advanceTimersByTime(1000);
  vi.useRealTimers();
  givesUp.isOver = true;
  expect(await ask(connections)).toBe(200);
  expect(tries).toBe(2);
});

it('do not use one that ended while the process stood still', async () => {
  const worker = new Worker(ANSWERS_AND_ENDS_SOON, { eval: true });
  cleanups.push(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  const connections = connectionsTo(port);
  for (const turnsBefore of [0, 1, 2, 3, 4]) {
    expect(await ask(connections)).toBe(200);
    for (let turn = 0; turn < turnsBefore; turn++) await new Promise((resolve) => setImmediate(resolve));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
});

const ANSWERS_AND_ENDS_SOON = `
  const server = require('node:net').createServer((socket) => {
    socket.on('error', () => undefined).on('data', () => {
      socket.write('HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n');
      setTimeout(() => socket.end(), 30);
    });
  });
  server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));
`;
