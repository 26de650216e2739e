import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import type { AddressPolicy } from '../common/egress/address-policy.js';
import { type Connect, type SocketConnectorOptions, socketConnector } from './http1/socket-connector.js';

/** Thrown by connecting, never by a caller's mistake: the address is not one that deliveries may go to. */
export class EgressRefusedError extends Error {
  readonly code = 'EGRESS_REFUSED';
  override readonly name = 'EgressRefusedError';
}

export type ResolveAddresses = (hostname: string) => Promise<LookupAddress[]>;

export interface GuardedConnectorOptions extends Omit<SocketConnectorOptions, 'lookup'> {
  policy: Pick<AddressPolicy, 'check'>;
  resolve: ResolveAddresses;
  onConnected?: (remoteAddress: string) => void;
}

/**
 * Connects only where the policy allows. Every address of a name is judged, only judged addresses are
 * connected to, and the address that was reached is judged once more.
 */
export function guardedConnector(options: GuardedConnectorOptions): Connect {
  const connect = socketConnector({ ...options, lookup: guardedLookup(options) });
  return (onBytes, callback) => {
    // Connecting to an IP literal never calls lookup.
    const refusal = isIP(options.hostname) ? findRefusal([options.hostname], options) : null;
    if (refusal) {
      process.nextTick(callback, refusal, null);
      return;
    }
    connect(onBytes, (error, socket) => {
      const problem = error ?? judgeConnected(socket!.remoteAddress, options);
      if (problem) {
        socket?.destroy();
        callback(problem, null);
      } else callback(null, socket);
    });
  };
}

/** All addresses of a name from the system's resolver; callers that ask for the same name at once share one query. */
export function systemResolver(): ResolveAddresses {
  // getaddrinfo blocks one of few threads: without sharing, one dead name could take them all.
  const pending = new Map<string, Promise<LookupAddress[]>>();
  return (hostname) => {
    const running = pending.get(hostname);
    if (running) return running;
    const query = lookup(hostname, { all: true }).finally(() => pending.delete(hostname));
    pending.set(hostname, query);
    return query;
  };
}

function guardedLookup(options: GuardedConnectorOptions): LookupFunction {
  return (hostname, { all }, callback) => {
    const judged = options.resolve(hostname).then((addresses) => {
      const refusal = findRefusal(
        addresses.map(({ address }) => address),
        options,
      );
      if (refusal) throw refusal;
      if (addresses.length === 0) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' });
      return addresses;
    });
    judged.then(
      (addresses) => {
        if (all) callback(null, addresses);
        else callback(null, addresses[0]!.address, addresses[0]!.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}

function findRefusal(
  addresses: string[],
  { policy, port }: Pick<GuardedConnectorOptions, 'policy' | 'port'>,
): EgressRefusedError | null {
  for (const address of addresses) {
    const verdict = policy.check(address, port);
    if (!verdict.allowed) return new EgressRefusedError(verdict.reason);
  }
  return null;
}

function judgeConnected(remoteAddress: string | undefined, options: GuardedConnectorOptions): Error | null {
  if (remoteAddress === undefined)
    return Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' });
  const refusal = findRefusal([remoteAddress], options);
  if (!refusal) options.onConnected?.(remoteAddress);
  return refusal;
}
