import { isIPv4, isIPv6 } from 'node:net';

/** Addresses that share their first `prefixBits` bits. */
export interface IpNetwork {
  bytes: Uint8Array;
  prefixBits: number;
}

const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);
const NAT64_PREFIX = Uint8Array.of(0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0);
const LOCAL_NAT64_PREFIX = Uint8Array.of(0x00, 0x64, 0xff, 0x9b, 0, 1, 0, 0, 0, 0, 0, 0);

/** The 4 or 16 bytes of an address in text, null for anything else. IPv4-mapped IPv6 is IPv4 here. */
export function parseAddress(text: string): Uint8Array | null {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  if (!isIPv6(text)) return null;
  const bytes = parseIpv6(text.split('%')[0]!);
  return startsWith(bytes, MAPPED_PREFIX) ? bytes.subarray(12) : bytes;
}

/** @throws Error that continues the sentence "EGRESS_ALLOW …" or the like. */
export function parseNetwork(text: string): IpNetwork {
  const [address, prefix, ...rest] = text.split('/');
  const bytes = address!.includes('%') ? null : parseAddress(address!);
  if (!bytes || rest.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix)))
    throw new Error(`has "${text}" where an address or a network is expected`);
  const writtenBits = address!.includes(':') ? 128 : 32;
  const prefixBits = Number(prefix ?? writtenBits) - (writtenBits - bytes.length * 8);
  if (prefixBits < 0 || prefixBits > bytes.length * 8)
    throw new Error(`has "${text}", whose prefix length is out of range`);
  if (bytes.some((byte, index) => byte !== maskTo(prefixBits)(byte, index)))
    throw new Error(`has "${text}", which has bits set beyond its prefix`);
  return { bytes, prefixBits };
}

export function contains({ bytes, prefixBits }: IpNetwork, address: Uint8Array): boolean {
  if (bytes.length !== address.length) return false;
  const mask = maskTo(prefixBits);
  return bytes.every((byte, index) => mask(byte, index) === mask(address[index]!, index));
}

/**
 * The IPv4 address that a NAT64 gateway would reach for this one, else null.
 * The local-use prefix 64:ff9b:1::/48 hides where the IPv4 part lies (RFC 6052 has six layouts),
 * so it counts only with nothing but zeros before the last four bytes.
 */
export function findNat64Target(address: Uint8Array): Uint8Array | null {
  if (address.length !== 16) return null;
  const isNat64 = startsWith(address, NAT64_PREFIX) || startsWith(address, LOCAL_NAT64_PREFIX);
  return isNat64 ? address.subarray(12) : null;
}

function parseIpv6(text: string): Uint8Array {
  const [front, back] = text.split('::').map(groupBytes);
  const bytes = new Uint8Array(16);
  bytes.set(front!);
  if (back) bytes.set(back, 16 - back.length);
  return bytes;
}

function groupBytes(groups: string): number[] {
  if (groups === '') return [];
  return groups.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function maskTo(prefixBits: number) {
  return (byte: number, index: number): number => {
    const keptBits = Math.min(8, Math.max(0, prefixBits - index * 8));
    return byte & (0xff00 >> keptBits);
  };
}

const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean =>
  prefix.every((byte, index) => bytes[index] === byte);
