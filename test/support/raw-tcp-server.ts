import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** Called with each complete request; `index` counts all requests of the server from 0. */
export type RawHandler = (socket: Socket, request: string, index: number) => void;

export interface RawServer {
  port: number;
  requests: string[];
  /** Connections accepted so far. */
  connections: number;
  /** Called with each TCP connection before anything is read. */
  onConnection?: (socket: Socket) => void;
  close(): Promise<void>;
}

/** A destination whose every byte is written by the test, so that it may break HTTP in any way. */
export function startRawServer(handler: RawHandler): Promise<RawServer> {
  return listen((onSocket) => createServer(onSocket), handler);
}

export function startRawTlsServer(options: TlsOptions, handler: RawHandler): Promise<RawServer> {
  return listen((onSocket) => createTlsServer(options, onSocket), handler);
}

export const httpAnswer = (body = 'ok', head = 'HTTP/1.1 200 OK'): string =>
  `${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

async function listen(create: (onSocket: (socket: Socket) => void) => Server, handler: RawHandler) {
  const sockets = new Set<Socket>();
  const server = create((socket) => {
    raw.connections++;
    socket.on('error', () => undefined);
    let pending = '';
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      for (let end = endOfRequest(pending); end > 0; end = endOfRequest(pending)) {
        const request = pending.slice(0, end);
        pending = pending.slice(end);
        handler(socket, request, raw.requests.push(request) - 1);
      }
    });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    raw.onConnection?.(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const raw: RawServer = {
    port: (server.address() as AddressInfo).port,
    requests: [],
    connections: 0,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return raw;
}

function endOfRequest(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return -1;
  const length = Number(/^content-length: (\d+)/im.exec(text.slice(0, headEnd))?.[1] ?? 0);
  return headEnd + 4 + length <= text.length ? headEnd + 4 + length : -1;
}
