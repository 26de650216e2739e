import { isIP } from 'node:net';
import { parseUrl } from '../parse-url.js';
import type { AddressPolicy } from './address-policy.js';

const MAX_URL_LENGTH = 2048;

/**
 * What is wrong with a destination's URL, continuing the sentence "url …", or null.
 * Names that need DNS pass: their addresses are judged when connecting.
 */
export function checkDestinationUrl(text: string, policy: Pick<AddressPolicy, 'check'>): string | null {
  if (typeof text !== 'string' || text === '') return 'must be a URL';
  if (text.length > MAX_URL_LENGTH) return `must have at most ${MAX_URL_LENGTH} characters`;
  // The URL parser would silently drop or encode these.
  if (/[\p{Cc}\s]/u.test(text)) return 'must not contain spaces or control characters';
  if (!/^https?:\/\//i.test(text)) return 'must start with http:// or https://';
  const url = parseUrl(text);
  if (!url) return 'must be a URL with a valid host and port';
  if (/^[^/]+\/\/[^/?#\\]*@/.test(text))
    return 'must not contain a user name or password; use a header instead';
  if (text.includes('#')) return 'must not contain a fragment (#…), which is never sent';
  // The parser skips further slashes in front of the host, and takes names that no DNS can hold.
  if (/^[^/]+\/{3}/.test(text) || /^\.|\.\./.test(url.hostname))
    return 'must be a URL with a valid host and port';
  if (url.href.length > MAX_URL_LENGTH) return `must have at most ${MAX_URL_LENGTH} characters when encoded`;
  return checkUrlHost(url, policy);
}

/** Judges port and host of a parsed http(s) URL; the rule that is repeated at every send. */
export function checkUrlHost(url: URL, policy: Pick<AddressPolicy, 'check'>): string | null {
  if (url.port === '0') return 'must not use port 0';
  const port = portOf(url);
  const verdicts = literalAddresses(url.hostname).map((address) => policy.check(address, port));
  // For localhost one of its two addresses will do here: connecting judges the ones it really has.
  if (verdicts.length === 0 || verdicts.some((verdict) => verdict.allowed)) return null;
  const [verdict] = verdicts;
  return verdict!.allowed ? null : `must not point there: ${verdict!.reason}`;
}

export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** The addresses a host name means without DNS. The URL parser has made 127.1, 0x7f000001 and the like dotted. */
function literalAddresses(hostname: string): string[] {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host)) return [host];
  return /^(.*\.)?localhost\.?$/i.test(host) ? ['127.0.0.1', '::1'] : [];
}
