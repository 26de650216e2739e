/** Ranges of the IANA special-purpose registries, multicast and reserved addresses: none may be a destination. */
// prettier-ignore
const SPECIAL_IPV4: [first: string, bits: number][] = [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
  ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.31.196.0', 24], ['192.52.193.0', 24], ['192.88.99.0', 24],
  ['192.168.0.0', 16], ['192.175.48.0', 24], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24],
  ['224.0.0.0', 4], ['240.0.0.0', 4],
];

const SIZE = 2 ** 32;
const toNumber = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const bytesOf = (ip: number): number[] => [24, 16, 8, 0].map((shift) => Math.floor(ip / 2 ** shift) % 256);
const dotted = (ip: number): string => bytesOf(ip).join('.');
const hexPair = (ip: number): string => {
  const [a, b, c, d] = bytesOf(ip) as [number, number, number, number];
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
};

const ranges = SPECIAL_IPV4.map(([first, bits]) => ({
  from: toNumber(first),
  to: toNumber(first) + 2 ** (32 - bits) - 1,
}));
const isSpecial = (ip: number): boolean => ranges.some(({ from, to }) => ip >= from && ip <= to);

/** Every way to write an IPv4 address as a host that the URL standard or IPv6 knows. */
const SPELLINGS: ((ip: number) => string)[] = [
  dotted,
  (ip) => `${dotted(ip)}.`,
  (ip) => String(ip),
  (ip) => `0x${ip.toString(16)}`,
  (ip) => `0${ip.toString(8)}`,
  (ip) =>
    bytesOf(ip)
      .map((byte) => `0x${byte.toString(16)}`)
      .join('.'),
  (ip) =>
    bytesOf(ip)
      .map((byte) => `0${byte.toString(8)}`)
      .join('.'),
  (ip) => `${bytesOf(ip)[0]}.${ip % 2 ** 24}`,
  (ip) => `${bytesOf(ip).slice(0, 2).join('.')}.${ip % 2 ** 16}`,
  (ip) => dotted(ip).replace(/\d/g, (digit) => `%3${digit}`),
  (ip) => dotted(ip).replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (ip) => dotted(ip).replaceAll('.', '。'),
  (ip) => `[::ffff:${dotted(ip)}]`,
  (ip) => `[::ffff:${hexPair(ip)}]`,
  (ip) => `[0:0:0:0:0:FFFF:${hexPair(ip)}]`,
  (ip) => `[64:ff9b::${dotted(ip)}]`,
  (ip) => `[64:ff9b::${hexPair(ip)}]`,
];

export interface HostCase {
  name: string;
  url: string;
  isAllowed: boolean;
}

const hostCase = (host: string, isAllowed: boolean, url = `http://${host}/hook`): HostCase => ({
  name: url,
  url,
  isAllowed,
});

function ipv4(): HostCase[] {
  const borders = ranges
    .flatMap(({ from, to }) => [from - 1, from, to, to + 1])
    .filter((ip) => ip >= 0 && ip < SIZE);
  const addresses = [...new Set([...borders, toNumber('8.8.8.8'), toNumber('169.254.169.254')])];
  return addresses.flatMap((ip) => [
    ...SPELLINGS.map((spell) => hostCase(spell(ip), !isSpecial(ip))),
    // 6to4, IPv4-compatible and Teredo addresses hide another one: they are refused whatever it is.
    ...[`[2002:${hexPair(ip)}::1]`, `[::${hexPair(ip)}]`, `[2001:0:${hexPair(ip)}::1]`].map((host) =>
      hostCase(host, false),
    ),
  ]);
}

// prettier-ignore
const IPV6: Record<string, boolean> = {
  '::': false, '::1': false, '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff': false, '2000::': true, '2000:ffff::': true,
  '2001::': false, '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff': false, '2001:200::': true,
  '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff': true, '2001:db8::': false, '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff': false,
  '2001:db9::': true, '2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff': true, '2002::': false,
  '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff': false, '2003::': true, '3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff': true,
  '3fff::': false, '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff': false, '3fff:1000::': true,
  '3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff': true, '4000::': false, '5f00::': false, 'fc00::': false, 'fd00::1': false,
  'fe80::1': false, 'febf::1': false, 'fec0::1': false, 'ff02::1': false, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff': false,
  '100::': false, '64:ff9b:2::1': false, '64:ff9a::8.8.8.8': false, '2606:4700:4700::1111': true,
};

// prettier-ignore
const NAMES: Record<string, boolean> = {
  'example.com': true, 'EXAMPLE.com': true, 'example.com.': true, 'example.com:1': true, 'example.com:65535': true,
  'bücher.example': true, 'xn--bcher-kva.example': true, '例え.テスト': true, 'a_b.example': true, 'x': true, '127.0.0.1.example.com': true,
  'localhost.example.com': true, 'notlocalhost': true, 'localhost': false, 'LocalHost': false, 'localhost.': false, 'api.localhost': false,
  'a.b.localhost.': false, 'ｌｏｃａｌｈｏｓｔ': false, 'local%68ost': false, 'loc\u00adalhost': false, 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ': false,
  '0': false, '0x0': false, '00000': false, '0x7f.1': false, '127.1': false, '127.0.1': false, '①②⑦.0.0.1': false,
  'example.com:0': false, 'example.com:65536': false, 'example.com:-1': false, 'example.com:x': false, 'example.com:８０': false,
  'example.com:99999999999999': false, '1.2.3.256': false, '1.2.3.4.5': false, '256.1.1.1': false, '0x100000000': false, '4294967296': false,
  '08.8.8.8': false, '1.2.3.4x': true, '-example.com': true, '..': false, '.': false, 'a..b': false, 'xn--': false, 'xn--a': false,
  '[::1': false, '::1': false, '[::1]x': false, '[fe80::1%25eth0]': false, '[fe80::1%eth0]': false, '[::g]': false, '[]': false, '[1.2.3.4]': false,
  '[::ffff:1.2.3.4.5]': false, '[1::2::3]': false, '[v1.x]': false, '': false, ':80': false, 'user@example.com': false, 'u:p@example.com': false,
  '@example.com': false, ':@example.com': false, 'example.com@127.0.0.1': false, 'example.com%40127.0.0.1': false, 'exa mple.com': false,
  'exa\tmple.com': false, 'exa\nmple.com': false, 'exa\rmple.com': false, 'example.com\0': false, 'exam<ple.com': false, 'exam|ple.com': false,
  'exam^ple.com': false, 'example%00.com': false, 'example%2f.com': false, 'example%.com': false, '%': false, '\u202eexample.com': false, 'exa\u00a0mple.com': false,
};

// prettier-ignore
const URLS: Record<string, boolean> = {
  'https://example.com': true, 'HTTPS://example.com/': true, 'http://example.com?a=1': true, 'https://example.com/a%20b?c=d&c=e': true,
  'https://example.com/ü?é=ß': true, 'https://example.com/\u202e': true, 'https://example.com/<script>': true, 'https://example.com/../..': true,
  'https://example.com/%00%0d%0a': true, 'https://example.com/?url=http://127.0.0.1': true, 'https://example.com/a@b': true,
  'http://example.com\\@127.0.0.1/': true, 'http://example.com/😀': true, 'https://example.com/;a=b': true, 'https://example.com//': true,
  '': false, 'x': false, 'example.com': false, '//example.com': false, '/hook': false, '?': false, 'http': false, 'http:': false, 'http:/': false,
  'http://': false, 'http:///example.com': false, 'http:/example.com': false, 'http:example.com': false, 'http:\\\\example.com': false,
  'http://?x': false, 'http://#x': false, 'https://example.com/#': false, 'https://example.com/#top': false, 'http://example.com/ x': false,
  'http://example.com/\n': true, 'http://example.com/\nx': false, 'http://example.com/\tx': false, 'http://example.com/\0': false,
  'http://example.com/\u2028x': false, 'http://example.com/\u3000x': false, 'http://example.com/\u0085x': false, 'http://example.com/\ud800': false,
  'ftp://example.com': false, 'file:///etc/passwd': false, 'gopher://example.com': false, 'javascript:alert(1)': false, 'data:text/html,x': false,
  'ws://example.com': false, 'wss://example.com': false, 'ldap://example.com': false, 'dict://example.com': false, 'jar:http://example.com!/': false,
  'blob:http://example.com/x': false, 'view-source:http://example.com': false, 'httpx://example.com': false, 'http+unix://%2ftmp/': false,
  'https ://example.com': false, ' https://example.com ': true, 'ｈttp://example.com': false, 'hhttp://example.com': false, 'http;//example.com': false,
};

/** URLs of destinations, each with whether it may be saved where no private address is allowed. */
export function destinationUrls(): HostCase[] {
  const length = 'https://example.com/'.length;
  const longest = [2047, 2048, 2049, 4000, 100_000].map((size) =>
    hostCase('', size <= 2048, `https://example.com/${'x'.repeat(size - length)}`),
  );
  return [
    ...ipv4(),
    ...Object.entries(IPV6).map(([ip, isAllowed]) => hostCase(`[${ip}]`, isAllowed)),
    ...Object.entries(NAMES).map(([host, isAllowed]) => hostCase(host, isAllowed)),
    ...Object.entries(URLS).map(([url, isAllowed]) => hostCase('', isAllowed, url)),
    ...longest,
    hostCase('a'.repeat(64), true),
    hostCase(`${'a.'.repeat(900)}com`, true),
  ].map((one) => ({ ...one, name: one.name.slice(0, 120) }));
}
