import { isIPv6 } from 'node:net';
import { contains, findNat64Target, type IpNetwork, parseAddress, parseNetwork } from './ip-network.js';

/** A network that may be reached although it is not public; on every port when `port` is null. */
export interface EgressAllowEntry {
  network: IpNetwork;
  port: number | null;
}

export type AddressVerdict = { allowed: true } | { allowed: false; reason: string };

// https://www.iana.org/assignments/iana-ipv4-special-registry and multicast.
const SPECIAL_IPV4 = namedNetworks({
  '0.0.0.0/8': 'this network',
  '10.0.0.0/8': 'private',
  '100.64.0.0/10': 'carrier-grade NAT',
  '127.0.0.0/8': 'loopback',
  '169.254.0.0/16': 'link-local',
  '172.16.0.0/12': 'private',
  '192.0.0.0/24': 'protocol assignments',
  '192.0.2.0/24': 'documentation',
  '192.31.196.0/24': 'AS112',
  '192.52.193.0/24': 'AMT',
  '192.88.99.0/24': '6to4 relay',
  '192.168.0.0/16': 'private',
  '192.175.48.0/24': 'AS112',
  '198.18.0.0/15': 'benchmarking',
  '198.51.100.0/24': 'documentation',
  '203.0.113.0/24': 'documentation',
  '224.0.0.0/4': 'multicast',
  '240.0.0.0/4': 'reserved',
});

const PUBLIC_IPV6 = parseNetwork('2000::/3');
const SPECIAL_IPV6 = namedNetworks({
  '2001::/23': 'protocol assignments',
  '2001:db8::/32': 'documentation',
  '2002::/16': '6to4',
  '3fff::/20': 'documentation',
});

const ALLOWED: AddressVerdict = { allowed: true };

/** Which addresses a delivery may be sent to: public ones, and those on the allow-list. */
export class AddressPolicy {
  constructor(private readonly allowList: readonly EgressAllowEntry[]) {}

  /** Judges the parsed bytes of `address`, so that no spelling slips through. */
  check(address: string, port: number): AddressVerdict {
    const bytes = parseAddress(address);
    if (!bytes) return { allowed: false, reason: `"${address}" is not an IP address` };
    const target = findNat64Target(bytes) ?? bytes;
    if (this.isListed(bytes, port) || this.isListed(target, port)) return ALLOWED;
    const special = findSpecialUse(target);
    return special ? { allowed: false, reason: `${address} is not a public address (${special})` } : ALLOWED;
  }

  private isListed(bytes: Uint8Array, port: number): boolean {
    return this.allowList.some(
      (entry) => (entry.port === null || entry.port === port) && contains(entry.network, bytes),
    );
  }
}

/**
 * Reads `EGRESS_ALLOW`: `ip`, `ip:port`, `[v6]:port`, networks such as `10.0.0.0/8`, and `localhost` or
 * `loopback` (127.0.0.0/8 and ::1), separated by commas or white space.
 * @throws Error that continues the sentence "EGRESS_ALLOW …".
 */
export function parseEgressAllow(text: string): EgressAllowEntry[] {
  return text.split(/[\s,]+/).flatMap((entry) => (entry === '' ? [] : parseEntry(entry)));
}

function parseEntry(entry: string): EgressAllowEntry[] {
  const { host, port } = splitPort(entry);
  if (port !== null && (port < 1 || port > 65_535))
    throw new Error(`has "${entry}", whose port is not from 1 to 65535`);
  if (port !== null && host.includes('/'))
    throw new Error(`has "${entry}", but a network cannot have a port; list its addresses`);
  const networks = /^(localhost|loopback)$/i.test(host) ? ['127.0.0.0/8', '::1'] : [host];
  return networks.map((network) => ({ network: parseNetwork(network), port }));
}

function splitPort(entry: string): { host: string; port: number | null } {
  if (isIPv6(entry)) return { host: entry, port: null };
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(entry);
  if (!match) return { host: entry, port: null };
  const [, bracketed, plain, port] = match;
  return { host: bracketed ?? plain!, port: port === undefined ? null : Number(port) };
}

function findSpecialUse(bytes: Uint8Array): string | null {
  if (bytes.length === 16 && !contains(PUBLIC_IPV6, bytes)) return 'outside 2000::/3';
  const table = bytes.length === 4 ? SPECIAL_IPV4 : SPECIAL_IPV6;
  return table.find(({ network }) => contains(network, bytes))?.name ?? null;
}

function namedNetworks(table: Record<string, string>): { network: IpNetwork; name: string }[] {
  return Object.entries(table).map(([network, use]) => ({
    network: parseNetwork(network),
    name: `${use}, ${network}`,
  }));
}
