import { describe, expect, it } from 'vitest';
import { AddressPolicy, parseEgressAllow } from './address-policy.js';
import { checkDestinationUrl } from './destination-url.js';

const strict = new AddressPolicy([]);
const check = (url: string, policy = strict): string | null => checkDestinationUrl(url, policy);

describe('a destination URL', () => {
  it.each([
    'https://example.com',
    'http://example.com:8080/hook?a=1&b=%20',
    'HTTPS://EXAMPLE.COM/',
    'https://bücher.example/ü',
    'https://webhook.internal/path@2',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]:8443/',
    'https://example.com/?mail=a@b.c',
    'https://127.0.0.1.example.com/',
    'https://notlocalhost/',
    `https://example.com/${'a'.repeat(2028)}`,
  ])('may be %s', (url) => {
    expect(check(url)).toBeNull();
  });

  it.each([
    ['', 'must be a URL'],
    ['x', 'must start with http'],
    ['example.com/hook', 'must start with http'],
    ['ftp://example.com', 'must start with http'],
    ['javascript:alert(1)', 'must start with http'],
    ['file:///etc/passwd', 'must start with http'],
    ['http:/example.com', 'must start with http'],
    ['http:\\\\example.com', 'must start with http'],
    ['http://', 'valid host'],
    ['http://?a', 'valid host'],
    ['http://exa mple.com', 'spaces or control'],
    ['http://example.com/\n', 'spaces or control'],
    [' http://example.com', 'spaces or control'],
    ['http://exa\tmple.com', 'spaces or control'],
    ['http://example.com/\0', 'spaces or control'],
    ['http://example.com:65536', 'valid host'],
    ['http://example.com:0/', 'port 0'],
    ['http://[::1', 'valid host'],
    ['http://1.2.3.256/', 'valid host'],
    ['http://user:pass@example.com/', 'user name'],
    ['http://user@example.com/', 'user name'],
    ['http://@example.com/', 'user name'],
    ['http://example.com\\@127.0.0.1/', null],
    ['http://example.com/#top', 'fragment'],
    ['http://example.com/#', 'fragment'],
    [`http://example.com/${'a'.repeat(2030)}`, '2048'],
    [`http://example.com/${'ü'.repeat(500)}`, '2048'],
  ])('%j answers %j', (url, problem) => {
    if (problem === null) expect(check(url)).toBeNull();
    else expect(check(url)).toContain(problem);
  });

  it('of the wrong type is refused', () => {
    for (const value of [undefined, null, 1, {}, ['http://example.com']])
      expect(checkDestinationUrl(value as never, strict)).toBe('must be a URL');
  });

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://127.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://017700000001/',
    'http://127.0.0.1./',
    'http://%31%32%37.0.0.1/',
    'http://①②⑦.0.0.1/',
    'http://127。0。0。1/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://localhost/',
    'http://LOCALHOST/',
    'http://localhost./',
    'http://api.localhost:3000/',
    'http://0/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fe80::1]/',
  ])('must not be %s', (url) => {
    expect(check(url)).toMatch(/^must not point there: .+ is not a public address \(.+\)$/);
  });

  it('may point to what the allow-list names, on its port only', () => {
    const policy = new AddressPolicy(parseEgressAllow('127.0.0.1:9000,10.0.0.0/8'));
    expect(check('http://127.0.0.1:9000/', policy)).toBeNull();
    expect(check('http://localhost:9000/', policy)).toBeNull();
    expect(check('http://127.0.0.1/', policy)).toContain('must not point there');
    expect(check('https://10.1.2.3/', policy)).toBeNull();
  });

  it('is judged on the default port of its scheme', () => {
    const policy = new AddressPolicy(parseEgressAllow('10.0.0.1:443'));
    expect(check('https://10.0.0.1/', policy)).toBeNull();
    expect(check('http://10.0.0.1/', policy)).not.toBeNull();
  });
});
