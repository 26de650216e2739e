import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface SocketConnectorOptions {
  isTls: boolean;
  /** A name or an address, IPv6 without brackets. */
  hostname: string;
  port: number;
  lookup: LookupFunction;
  /** Bounds DNS, TCP and TLS together. */
  connectTimeoutMs: number;
  /** Certificate authorities (PEM) instead of the system's. */
  ca?: string;
}

/**
 * Opens a connection. `callback` is called once, with an error or a socket; with TLS after the certificate was verified.
 * @param onBytes hears of what comes, in memory that is valid until it returns. The socket emits no data.
 */
export type Connect = (
  onBytes: (bytes: Buffer) => void,
  callback: (error: Error | null, socket: Socket | null) => void,
) => void;

const FAMILY_ATTEMPT_MS = 1000;
const KEEP_ALIVE_PROBE_MS = 60_000;
/** A session that is gone on with skips the certificate: so long after it was looked at it is looked at again. */
const SESSION_MS = 3_600_000;

/** What comes over any socket: read by one before the next one reads. Memory of its own for each costs 4 µs. */
const incoming = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Connects to one origin, which is asked to go on with the last TLS session. Proxy variables are not looked at, nor where
 * it leads: deliveries use `guardedConnector`.
 */
export function socketConnector(options: SocketConnectorOptions): Connect {
  const { isTls, hostname, port, lookup, ca } = options;
  let session: Buffer | undefined;
  let verifiedAt = 0;
  const open = (onBytes: (bytes: Buffer) => void): Socket => {
    const tcp = {
      host: hostname,
      port,
      lookup,
      // Tries the addresses of a name in turn, so one dead address does not make a destination unreachable.
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS,
      onread: {
        buffer: incoming,
        callback: (size: number): boolean => {
          onBytes(incoming.subarray(0, size));
          return true;
        },
      },
    };
    if (!isTls) return connectTcp(tcp);
    const tls = {
      ...tcp,
      servername: isIP(hostname) ? '' : hostname,
      session: performance.now() - verifiedAt < SESSION_MS ? session : undefined,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2' as const,
      // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing.
      rejectUnauthorized: true,
      ca,
    };
    const socket = connectTls(tls);
    return socket.on('session', (latest) => {
      if (!socket.isSessionReused()) verifiedAt = performance.now();
      session = latest;
    });
  };
  return (onBytes, callback) => {
    const socket = open(onBytes).setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
    // Whoever stood still finds its timers before its connections: these get a turn.
    let turn: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => {
      turn = setImmediate(() => socket.destroy(tooLate()));
    }, options.connectTimeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      clearImmediate(turn);
      socket.off('error', failed);
    };
    const failed = (error: Error): void => {
      settle();
      // It may be the session that the other side does not want.
      session = undefined;
      callback(error, null);
    };
    socket.once('error', failed).once(isTls ? 'secureConnect' : 'connect', () => {
      settle();
      callback(null, socket);
    });
  };
}

const tooLate = (): Error => Object.assign(new Error('not connected in time'), { code: 'ETIMEDOUT' });
