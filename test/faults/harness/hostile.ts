import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { httpAnswer } from '../../support/raw-tcp-server.js';

/** How a destination misbehaves, and the code of the reason that its attempt must be logged with; null is a 2xx. */
export interface Hostile {
  name: string;
  reason: string | null;
  act: (socket: Socket) => void;
}

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const MEBIBYTE = Buffer.alloc(1024 * 1024, 'x');

const writes = (bytes: string) => (socket: Socket) => void socket.write(bytes, 'latin1');
const writesAndEnds = (bytes: string) => (socket: Socket) => void socket.end(bytes, 'latin1');
const writesAndResets = (bytes: string) => (socket: Socket) => {
  socket.write(bytes, 'latin1', () => setTimeout(() => socket.resetAndDestroy(), 20));
};

/** Writes `drop` again and again until the other side has had enough. */
const drips = (head: string, drop: string) => (socket: Socket) => {
  socket.write(head, 'latin1');
  const timer = setInterval(() => socket.write(drop, 'latin1'), 50);
  socket.on('close', () => clearInterval(timer));
};

/** As much as the other side reads, up to 1 GiB. */
const floods = (head: string, chunk: Buffer) => (socket: Socket) => {
  socket.write(head, 'latin1');
  let left = 1024;
  const go = () => {
    while (left-- > 0 && !socket.destroyed && socket.write(chunk));
    if (left > 0) socket.once('drain', go);
  };
  go();
};

const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024));

export const hostiles: Hostile[] = [
  { name: 'blackhole', reason: 'timeout', act: () => undefined },
  { name: 'reset-at-once', reason: 'reset', act: (socket) => void socket.resetAndDestroy() },
  { name: 'close-at-once', reason: 'reset', act: (socket) => void socket.end() },
  { name: 'reset-in-headers', reason: 'reset', act: writesAndResets('HTTP/1.1 200 OK\r\nconte') },
  {
    name: 'reset-in-body',
    reason: null,
    act: writesAndResets('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
  },
  { name: 'drip-headers', reason: 'timeout', act: drips('HTTP/1.1 200 OK\r\n', 'x-a: b\r\n') },
  { name: 'drip-body', reason: null, act: drips(CHUNKED, '1\r\na\r\n') },
  {
    name: 'stream-1-gib',
    reason: null,
    act: floods(`HTTP/1.1 200 OK\r\ncontent-length: ${2 ** 30}\r\n\r\n`, MEBIBYTE),
  },
  {
    name: 'gzip-bomb',
    reason: null,
    act: (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    },
  },
  { name: 'too-short', reason: null, act: writesAndEnds('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc') },
  { name: 'broken-chunks', reason: null, act: writes(`${CHUNKED}zz\r\nabc`) },
  { name: 'nul-bytes', reason: null, act: writes(httpAnswer('\0a\0')) },
  { name: 'status-099', reason: 'protocol', act: writes('HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n') },
  { name: 'status-600', reason: 'protocol', act: writes('HTTP/1.1 600 X\r\ncontent-length: 0\r\n\r\n') },
  { name: 'storm-103', reason: 'protocol', act: writes('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000)) },
  { name: '204-with-body', reason: null, act: writes('HTTP/1.1 204 X\r\ncontent-length: 3\r\n\r\nabc') },
  { name: 'not-http', reason: 'protocol', act: writes('220 mail.example ESMTP\r\n') },
  {
    name: 'redirect',
    reason: 'redirect',
    act: writes('HTTP/1.1 302 X\r\nlocation: /\r\ncontent-length: 0\r\n\r\n'),
  },
];
