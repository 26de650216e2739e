import { once } from 'node:events';
import type { LookupFunction, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CERTIFICATE, KEY } from '../../../test/support/certificates.js';
import { type RawServer, startRawServer, startRawTlsServer } from '../../../test/support/raw-tcp-server.js';
import { type Connect, type SocketConnectorOptions, socketConnector } from './socket-connector.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const toLoopback: LookupFunction = (_name, _options, callback) =>
  callback(null, [{ address: '127.0.0.1', family: 4 }]);

const connectorTo = (port: number, options: Partial<SocketConnectorOptions> = {}): Connect =>
  socketConnector({
    isTls: false,
    hostname: 'receiver.test',
    port,
    lookup: toLoopback,
    connectTimeoutMs: 5000,
    ca: CERTIFICATE,
    ...options,
  });

function open(connect: Connect, onBytes: (bytes: Buffer) => void = () => undefined): Promise<Socket> {
  return new Promise((resolve, reject) =>
    connect(onBytes, (error, socket) => {
      if (error) return reject(error);
      cleanups.push(() => socket!.destroy());
      resolve(socket!);
    }),
  );
}

describe.each([
  ['plain', false],
  ['TLS', true],
])('%s', (_, isTls) => {
  /** What is asked for arrives in pieces, a piece of each connection by turns. */
  async function serve(): Promise<RawServer> {
    const asked: [Socket, string][] = [];
    const handler = (socket: Socket, request: string): void => {
      asked.push([socket, request.slice(request.indexOf('\r\n\r\n') + 4)]);
      if (asked.length === 3)
        for (let at = 0; at < 5; at++) for (const [each, text] of asked) each.write(text.slice(at, at + 1));
    };
    const server = isTls
      ? await startRawTlsServer({ key: KEY, cert: CERTIFICATE }, handler)
      : await startRawServer(handler);
    cleanups.push(() => server.close());
    return server;
  }

  it('what comes over several connections at once is not mixed up', async () => {
    const { port } = await serve();
    const connect = connectorTo(port, { isTls });
    const texts = ['aaaaa', 'bbbbb', 'ccccc'];
    const heard = await Promise.all(
      texts.map(
        (text) =>
          new Promise<string>((resolve, reject) => {
            let all = '';
            open(connect, (bytes) => {
              all += bytes.toString('latin1');
              if (all.length === 5) resolve(all);
            }).then((socket) => socket.write(`POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\n${text}`), reject);
          }),
      ),
    );
    expect(heard).toEqual(texts);
  });

  it('the other side may end it', async () => {
    const { port } = await serve();
    const server = cleanups.pop()!;
    const socket = await open(connectorTo(port, { isTls }));
    const ended = once(socket, 'end');
    await server();
    await ended;
    expect(socket.readableEnded).toBe(true);
  });
});

describe('a TLS session', () => {
  /** A connection that goes on with one, or whose own has come. */
  const isReused = (connect: Connect): Promise<boolean> =>
    new Promise((resolve, reject) =>
      connect(
        () => undefined,
        (error, socket) => {
          if (error) return reject(error);
          cleanups.push(() => socket!.destroy());
          if ((socket as TLSSocket).isSessionReused()) resolve(true);
          else socket!.once('session', () => resolve(false));
        },
      ),
    );
  const serveTls = async (): Promise<RawServer> => {
    const server = await startRawTlsServer({ key: KEY, cert: CERTIFICATE }, () => undefined);
    cleanups.push(() => server.close());
    return server;
  };

  it('is gone on with, for an hour after the certificate was looked at', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const connect = connectorTo((await serveTls()).port, { isTls: true });
    expect([await isReused(connect), await isReused(connect)]).toEqual([false, true]);
    vi.advanceTimersByTime(3_600_000);
    expect(await isReused(connect)).toBe(false);
    vi.useRealTimers();
  });

  it('is forgotten where a connection failed, whatever the reason', async () => {
    const server = await serveTls();
    const connect = connectorTo(server.port, { isTls: true });
    expect(await isReused(connect)).toBe(false);
    server.onConnection = (socket) => void socket.resetAndDestroy();
    await expect(open(connect)).rejects.toMatchObject({ code: 'ECONNRESET' });
    server.onConnection = undefined;
    expect(await isReused(connect)).toBe(false);
  });
});

it('one that is there when a process goes on that stood still is used', async () => {
  const server = await startRawServer(() => undefined);
  cleanups.push(() => server.close());
  const opened = open(connectorTo(server.port, { hostname: '127.0.0.1', connectTimeoutMs: 20 }));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  await opened;
  expect(server.connections).toBe(1);
});

it('one that is not there in time fails', async () => {
  const neverFound: LookupFunction = () => undefined;
  const connect = connectorTo(9, { lookup: neverFound, connectTimeoutMs: 20 });
  await expect(open(connect)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});
