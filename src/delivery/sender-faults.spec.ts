import { afterEach, describe, expect, it } from 'vitest';
import {
  httpAnswer,
  type RawHandler,
  type RawServer,
  startRawServer,
} from '../../test/support/raw-tcp-server.js';
import { AddressPolicy, parseEgressAllow } from '../common/egress/address-policy.js';
import type { Outcome } from './outcome.js';
import { Sender } from './sender.js';

const TIMEOUT_MS = 300;
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

let server: RawServer | undefined;
let sender: Sender;

afterEach(async () => {
  await sender.close();
  await server?.close();
  server = undefined;
});

/** Misbehaves once. One connection only, so the attempt after it shows that the slot is free again. */
async function attemptAgainst(
  fault: RawHandler,
): Promise<{ outcome: Outcome; next: Outcome; tookMs: number }> {
  server = await startRawServer((socket, request, index) => {
    if (index === 0) fault(socket, request, index);
    else socket.write(httpAnswer());
  });
  sender = newSender();
  const startedAtMs = performance.now();
  const outcome = await send(server.port);
  const tookMs = performance.now() - startedAtMs;
  return { outcome, next: await send(server.port), tookMs };
}

function newSender(): Sender {
  const policy = new AddressPolicy(parseEgressAllow('loopback'));
  return new Sender({ policy, userAgent: 'data-pusher/test', connectionsPerOrigin: 1 });
}

const send = (port: number): Promise<Outcome> =>
  sender.send({
    url: `http://127.0.0.1:${port}/`,
    method: 'POST',
    headers: [],
    body: Buffer.from('{}'),
    timeoutMs: TIMEOUT_MS,
  });

const writes =
  (bytes: string): RawHandler =>
  (socket) =>
    void socket.write(bytes, 'latin1');
const writesAndEnds =
  (bytes: string): RawHandler =>
  (socket) =>
    void socket.end(bytes, 'latin1');
/** Writes, and resets the connection once the bytes are on their way. */
const writesAndResets =
  (bytes: string): RawHandler =>
  (socket) =>
    void socket.write(bytes, () => setImmediate(() => socket.resetAndDestroy()));
const drips =
  (start: string, drop: string, everyMs = 20): RawHandler =>
  (socket) => {
    socket.write(start);
    const timer = setInterval(() => socket.write(drop), everyMs);
    socket.on('close', () => clearInterval(timer));
  };
const pours =
  (start: string, chunk: string): RawHandler =>
  (socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pour).write(start);
    pour();
  };

describe('a destination that', () => {
  it.each<[string, RawHandler, Partial<Outcome>]>([
    ['never answers', () => undefined, { errorCode: 'timeout', error: 'timeout: no answer within 300 ms' }],
    ['resets before headers', (socket) => void socket.resetAndDestroy(), { errorCode: 'reset' }],
    ['closes before headers', (socket) => void socket.end(), { errorCode: 'reset' }],
    ['resets in its headers', writesAndResets('HTTP/1.1 200 OK\r\nconte'), { errorCode: 'reset' }],
    ['drips headers', drips('HTTP/1.1 200 OK\r\n', 'x-a: b\r\n'), { errorCode: 'timeout' }],
    ['drips a status line', drips('HTTP/1.1 200 ', 'O'), { errorCode: 'timeout' }],
    [
      'has 72 KB of headers',
      writes(`HTTP/1.1 200 OK\r\n${`x-a: ${'b'.repeat(1000)}\r\n`.repeat(72)}`),
      { errorCode: 'protocol' },
    ],
    ['storms 103', writes('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000)), { errorCode: 'protocol' }],
    ['drips 103', drips('', 'HTTP/1.1 103 Early Hints\r\n\r\n', 50), { errorCode: 'timeout' }],
    ['answers 100', writes('HTTP/1.1 100 Continue\r\n\r\n'), { errorCode: 'protocol' }],
    [
      'answers 101',
      writes('HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
      { errorCode: 'protocol' },
    ],
    ['answers 099', writes('HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n'), { errorCode: 'protocol' }],
    ['answers 000', writes('HTTP/1.1 000 X\r\ncontent-length: 0\r\n\r\n'), { errorCode: 'protocol' }],
    ['answers 600', writes('HTTP/1.1 600 X\r\ncontent-length: 0\r\n\r\n'), { errorCode: 'protocol' }],
    ['answers 20', writes('HTTP/1.1 20 X\r\n\r\n'), { errorCode: 'protocol' }],
    ['speaks SMTP', writes('220 mail.example ESMTP\r\n'), { errorCode: 'protocol' }],
    ['speaks HTTP/2', writes('\0\0\x12\x04\0\0\0\0\0'), { errorCode: 'protocol' }],
    [
      'sends both lengths',
      writes('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok'),
      { errorCode: 'protocol' },
    ],
  ])('%s gets no success', async (_, fault, expected) => {
    const { outcome, next, tookMs } = await attemptAgainst(fault);
    expect(outcome).toMatchObject({ statusCode: null, responseCut: null, ...expected });
    expect(outcome.error).toMatch(new RegExp(`^${outcome.errorCode}: .+`));
    expect(tookMs).toBeLessThan(TIMEOUT_MS + 500);
    expect(next).toMatchObject({ statusCode: 200 });
  });

  it.each<[string, RawHandler, Partial<Outcome>]>([
    [
      'resets after headers',
      writesAndResets('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n'),
      { responseCut: 'broken' },
    ],
    [
      'resets in the body',
      writesAndResets('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
      { responseCut: 'broken', responseExcerpt: 'abc' },
    ],
    [
      'sends less than it says',
      writesAndEnds('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
      { responseCut: 'broken' },
    ],
    [
      'sends more than it says',
      writes('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabc'),
      { responseExcerpt: 'ab' },
    ],
    ['sends a body with 204', writes('HTTP/1.1 204 X\r\ncontent-length: 3\r\n\r\nabc'), { statusCode: 204 }],
    ['breaks its chunks', writes(`${CHUNKED}zz\r\nabc`), { responseCut: 'broken' }],
    [
      'ends amid its chunks',
      writesAndEnds(`${CHUNKED}3\r\nabc\r\n`),
      { responseCut: 'broken', responseExcerpt: 'abc' },
    ],
    ['drips its body', drips(CHUNKED, '1\r\na\r\n'), { responseCut: 'deadline' }],
    [
      'stops in its body',
      writes('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
      { responseCut: 'deadline', responseExcerpt: 'abc' },
    ],
    [
      'never ends',
      pours(CHUNKED, `1000\r\n${'a'.repeat(4096)}\r\n`),
      { responseCut: 'limit', responseExcerpt: 'a'.repeat(4096) },
    ],
    [
      'ends its body by closing',
      writesAndEnds('HTTP/1.1 200 OK\r\n\r\nabc'),
      { responseCut: null, responseExcerpt: 'abc' },
    ],
    ['sends NUL bytes', writes(httpAnswer('\0a\0')), { responseCut: null, responseExcerpt: '\ufffda\ufffd' }],
  ])('%s after a 2xx head is a success', async (_, fault, expected) => {
    const { outcome, next, tookMs } = await attemptAgainst(fault);
    expect(outcome).toMatchObject({ statusCode: 200, error: null, errorCode: null, ...expected });
    expect(tookMs).toBeLessThan(TIMEOUT_MS + 500);
    expect(next).toMatchObject({ statusCode: 200 });
  });

  it('breaks off after a failure keeps its status', async () => {
    const { outcome } = await attemptAgainst(
      writesAndEnds('HTTP/1.1 503 X\r\nretry-after: 9\r\ncontent-length: 9\r\n\r\nabc'),
    );
    expect(outcome).toMatchObject({
      statusCode: 503,
      errorCode: 'status',
      retryAfterMs: 9000,
      responseCut: 'broken',
    });
  });

  it('refuses the connection is named', async () => {
    const port = await unusedPort();
    sender = newSender();
    expect(await send(port)).toMatchObject({
      errorCode: 'refused',
      error: `refused: 127.0.0.1:${port} refused the connection`,
    });
  });

  it('is dead does not slow down a healthy neighbour', async () => {
    const dead = await startRawServer(() => undefined);
    server = await startRawServer(writes(httpAnswer()));
    sender = newSender();
    const lost = send(dead.port);
    for (let i = 0; i < 20; i++) expect(await send(server.port)).toMatchObject({ statusCode: 200 });
    expect(await lost).toMatchObject({ errorCode: 'timeout' });
    await dead.close();
  });
});

async function unusedPort(): Promise<number> {
  const probe = await startRawServer(() => undefined);
  await probe.close();
  return probe.port;
}
