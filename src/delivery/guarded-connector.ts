import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressPolicy } from '../common/egress/address-policy.js';

/** Thrown by connecting, never by a caller's mistake: the address is not one that deliveries may go to. */
export class EgressRefusedError extends Error {
  readonly code = 'EGRESS_REFUSED';
  override readonly name = 'EgressRefusedError';
}

export type ResolveAddresses = (hostname: string) => Promise<LookupAddress[]>;

export interface GuardedConnectorOptions {
  policy: Pick<AddressPolicy, 'check'>;
  port: number;
  /** Bounds DNS, TCP and TLS together. */
  connectTimeoutMs: number;
  resolve: ResolveAddresses;
  /** Certificate authorities (PEM) instead of the system's. */
  ca?: string;
  onConnected?: (remoteAddress: string) => void;
}

/**
 * Connects only where the policy allows. Every address of a name is judged, only judged addresses are
 * connected to, and the address that was reached is judged once more. Proxy variables are not looked at.
 */
export function guardedConnector(options: GuardedConnectorOptions): buildConnector.connector {
  const connect = buildConnector({
    lookup: guardedLookup(options),
    // Tries the judged addresses in turn, so one dead address does not make a destination unreachable.
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 1000,
    timeout: options.connectTimeoutMs,
    minVersion: 'TLSv1.2',
    // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing.
    rejectUnauthorized: true,
    ca: options.ca,
  });
  return (target, callback) => {
    // Connecting to an IP literal never calls lookup.
    const refusal = isIP(target.hostname) ? findRefusal([target.hostname], options) : null;
    if (refusal) {
      process.nextTick(callback, refusal, null);
      return;
    }
    connect(target, (error, socket) => {
      if (error) {
        callback(error, null);
        return;
      }
      const problem = judgeConnected(socket.remoteAddress, options);
      if (problem) {
        socket.destroy();
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
