import type { AddressPolicy } from '../common/egress/address-policy.js';
import { checkUrlHost, portOf } from '../common/egress/destination-url.js';
import { EgressRefusedError, guardedConnector, type ResolveAddresses } from './guarded-connector.js';
import { Connections } from './http1/connections.js';

const MAX_CACHED_TARGETS = 5000;

export interface OriginPoolsOptions {
  policy: Pick<AddressPolicy, 'check'>;
  connectionsPerOrigin: number;
  maxOrigins: number;
  connectTimeoutMs: number;
  resolve: ResolveAddresses;
  ca?: string;
}

export interface Origin {
  connections: Connections;
  key: string;
  host: string;
  inFlight: number;
  lastUse: number;
  remoteAddress: string | undefined;
  retired: boolean;
}

/** Where a URL leads, worked out once. */
export interface Target {
  origin: Origin;
  path: string;
}

/** The connections of each origin: the least recently used idle one makes room for a new one. */
export class OriginPools {
  private readonly origins = new Map<string, Origin>();
  private readonly targets = new Map<string, Target>();
  private uses = 0;

  constructor(private readonly options: OriginPoolsOptions) {}

  /** @throws EgressRefusedError, or TypeError where the text is no URL. */
  getTarget(url: string, cached: boolean): Target {
    const known = this.targets.get(url);
    const target = known && !known.origin.retired ? known : this.resolveTarget(url);
    if (target !== known && cached) this.remember(url, target);
    target.origin.lastUse = ++this.uses;
    return target;
  }

  /** Takes an origin that has nothing under way out of use. */
  private retire(origin: Origin): void {
    if (origin.retired) return;
    origin.retired = true;
    this.origins.delete(origin.key);
    origin.connections.destroy();
  }

  /** Ends every connection, also those in use. */
  destroy(): void {
    for (const { connections } of this.origins.values()) connections.destroy();
    this.origins.clear();
    this.targets.clear();
  }

  private resolveTarget(text: string): Target {
    const url = new URL(text);
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new EgressRefusedError('only http and https are sent to');
    if (url.username || url.password)
      throw new EgressRefusedError('the URL contains a user name or password');
    const problem = checkUrlHost(url, this.options.policy);
    if (problem) throw new EgressRefusedError(`the URL ${problem}`);
    return { origin: this.getOrigin(url), path: url.pathname + url.search };
  }

  private getOrigin(url: URL): Origin {
    const known = this.origins.get(url.origin);
    if (known) return known;
    if (this.origins.size >= this.options.maxOrigins) this.evictIdle();
    const origin = this.openOrigin(url);
    this.origins.set(url.origin, origin);
    return origin;
  }

  private openOrigin(url: URL): Origin {
    const { policy, connectTimeoutMs, resolve, ca, connectionsPerOrigin } = this.options;
    const connect = guardedConnector({
      policy,
      isTls: url.protocol === 'https:',
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: portOf(url),
      connectTimeoutMs,
      resolve,
      ca,
      onConnected: (remoteAddress) => (origin.remoteAddress = remoteAddress),
    });
    const origin: Origin = {
      connections: new Connections(connect, connectionsPerOrigin),
      key: url.origin,
      host: url.host,
      inFlight: 0,
      lastUse: 0,
      remoteAddress: undefined,
      retired: false,
    };
    return origin;
  }

  private evictIdle(): void {
    let oldest: Origin | null = null;
    for (const origin of this.origins.values())
      if (origin.inFlight === 0 && (!oldest || origin.lastUse < oldest.lastUse)) oldest = origin;
    if (oldest) this.retire(oldest);
  }

  private remember(url: string, target: Target): void {
    if (this.targets.size >= MAX_CACHED_TARGETS) this.targets.clear();
    this.targets.set(url, target);
  }
}
