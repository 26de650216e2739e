import { Socket, type SocketConstructorOpts } from 'node:net';

/** An accepted connection whose bytes can be had without a stream. */
export interface DirectSocket extends Socket {
  /** Takes what comes, in memory of its own; false leaves it to the stream, as all is left at first. */
  onBytes: (bytes: Buffer) => boolean;
}

/** Of accepted sockets, not documented: Node's handle of the connection, and the server that counts it until it ends. */
interface Accepted {
  _handle?: { useUserBuffer?: unknown };
  server: unknown;
  _server: unknown;
}

/** What comes over any connection: copied before the next one is read. */
const incoming = Buffer.allocUnsafeSlow(64 * 1024);

/** Leaves it to the stream. */
export const leave: DirectSocket['onBytes'] = () => false;

/**
 * Takes the place of a socket that was accepted, which is not to be used any more. Node gives each read of it 64 KiB and
 * what a stream needs, 4 of 10 µs of a request; sockets that connect may have their own memory instead (`onread`), those
 * of a server may not. From a Node that has no such handle the accepted socket itself is returned.
 */
export function directSocket(accepted: Socket): DirectSocket {
  const { _handle: handle, server, _server } = accepted as unknown as Accepted;
  if (!handle?.useUserBuffer) return Object.assign(accepted, { onBytes: leave });
  const options = {
    handle,
    allowHalfOpen: accepted.allowHalfOpen,
    onread: {
      buffer: incoming,
      callback: (size: number): boolean => {
        const bytes = Buffer.from(incoming.subarray(0, size));
        return socket.onBytes(bytes) || socket.push(bytes);
      },
    },
  };
  const socket = Object.assign(new Socket(options as SocketConstructorOpts), {
    onBytes: leave,
    server,
    _server,
  });
  return socket;
}
