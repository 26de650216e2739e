import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressPolicy, parseEgressAllow } from './address-policy.js';

const strict = new AddressPolicy([]);
const allows = (address: string, policy = strict, port = 443): boolean => policy.check(address, port).allowed;

describe('public addresses', () => {
  // First and last address of every refused IPv4 range, and the neighbours outside it.
  it.each([
    ['0.0.0.0', '0.255.255.255', null, '1.0.0.0'],
    ['10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
    ['100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
    ['127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
    ['169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
    ['172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
    ['192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
    ['192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
    ['192.31.196.0', '192.31.196.255', '192.31.195.255', '192.31.197.0'],
    ['192.52.193.0', '192.52.193.255', '192.52.192.255', '192.52.194.0'],
    ['192.88.99.0', '192.88.99.255', '192.88.98.255', '192.88.100.0'],
    ['192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
    ['192.175.48.0', '192.175.48.255', '192.175.47.255', '192.175.49.0'],
    ['198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
    ['198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
    ['203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
    ['224.0.0.0', '255.255.255.255', '223.255.255.255', null],
  ])('refuses %s to %s and neither neighbour', (first, last, before, after) => {
    for (const form of [
      (ip: string) => ip,
      (ip: string) => `::ffff:${ip}`,
      (ip: string) => `64:ff9b::${ip}`,
    ]) {
      expect([first, last].map((ip) => allows(form(ip)))).toEqual([false, false]);
      expect([before, after].map((ip) => ip === null || allows(form(ip)))).toEqual([true, true]);
    }
  });

  it.each([
    ['1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', false],
    ['2000::', true],
    ['2001::', false],
    ['2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', false],
    ['2001:200::', true],
    ['2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', true],
    ['2001:db8::', false],
    ['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', false],
    ['2001:db9::', true],
    ['2002::', false],
    ['2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', false],
    ['2003::', true],
    ['2606:4700:4700::1111', true],
    ['3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff', true],
    ['3fff::', false],
    ['3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', false],
    ['3fff:1000::', true],
    ['3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', true],
    ['4000::', false],
    ['::', false],
    ['::1', false],
    ['::127.0.0.1', false],
    ['::8.8.8.8', false],
    ['fc00::1', false],
    ['fe80::1%eth0', false],
    ['ff02::1', false],
    ['64:ff9b:1::8.8.8.8', true],
    ['64:ff9b:1::10.0.0.1', false],
    ['64:ff9b:1:7f00:0:100:808:808', false],
    ['64:ff9b:2::8.8.8.8', false],
  ])('judges %s as allowed: %s', (address, allowed) => {
    expect(allows(address)).toBe(allowed);
  });

  it.each(['', 'example.com', '127.1', '0x7f.0.0.1', '127.0.0.1 ', '010.8.8.8', '1.2.3.4/8', '[::1]'])(
    'refuses %j, which is not an address',
    (text) => {
      expect(strict.check(text, 80)).toEqual({
        allowed: false,
        reason: expect.stringContaining('not an IP'),
      });
    },
  );

  it('says which range an address is in', () => {
    const verdict = strict.check('::ffff:7f00:1', 80);
    expect(verdict).toEqual({
      allowed: false,
      reason: '::ffff:7f00:1 is not a public address (loopback, 127.0.0.0/8)',
    });
  });

  it('judges an IPv4 address the same in every form', () => {
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        const [a, b, c, d] = ip.split('.').map(Number);
        const hex = `${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`;
        expect(allows(`::ffff:${hex}`)).toBe(allows(ip));
        expect(allows(`0:0:0:0:0:ffff:${hex}`)).toBe(allows(ip));
        expect(allows(`64:ff9b::${hex}`)).toBe(allows(ip));
      }),
    );
  });
});

describe('EGRESS_ALLOW', () => {
  const allowing = (text: string): AddressPolicy => new AddressPolicy(parseEgressAllow(text));

  it('takes addresses, ports, networks and the loopback shorthand', () => {
    const policy = allowing('10.0.0.5, 10.0.0.6:8080 [fd00::1]:9000\nfd00:1::/64,loopback');
    expect(allows('10.0.0.5', policy, 1)).toBe(true);
    expect(allows('10.0.0.4', policy, 1)).toBe(false);
    expect([8080, 8081].map((port) => allows('10.0.0.6', policy, port))).toEqual([true, false]);
    expect([9000, 9001].map((port) => allows('fd00::1', policy, port))).toEqual([true, false]);
    expect(allows('fd00:1::ffff', policy)).toBe(true);
    expect(allows('fd00:1:0:1::', policy)).toBe(false);
    expect(['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1'].every((ip) => allows(ip, policy))).toBe(
      true,
    );
  });

  it('limits the shorthand to a port where one is given', () => {
    const policy = allowing('localhost:9000');
    expect([9000, 9001].map((port) => allows('127.0.0.1', policy, port))).toEqual([true, false]);
    expect(allows('::1', policy, 9000)).toBe(true);
  });

  it('reads a network of IPv4-mapped addresses as IPv4', () => {
    expect(allows('10.9.9.9', allowing('::ffff:10.0.0.0/104'))).toBe(true);
  });

  it('does not open all of IPv4 with a NAT64 network', () => {
    expect(allows('127.0.0.1', allowing('64:ff9b::/96'))).toBe(false);
  });

  it('is empty for empty text', () => {
    expect(parseEgressAllow(' , ')).toEqual([]);
  });

  it.each([
    'example.com',
    'example.com:80',
    '10.0.0.1:0',
    '10.0.0.1:65536',
    '10.0.0.1:http',
    '10.0.0.0/33',
    '10.0.0.1/8',
    '10.0.0.0/8:80',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0/8',
    '::/129',
    'fe80::1%eth0',
    '[::1',
    '[]:80',
    '*',
  ])('refuses %s', (entry) => {
    expect(() => parseEgressAllow(`127.0.0.1,${entry}`)).toThrow(/^has "/);
  });

  it('repeats the entry that is wrong', () => {
    expect(() => parseEgressAllow('127.0.0.1,example.com:80')).toThrow('has "example.com" where an address');
  });
});
