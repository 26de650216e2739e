import { readJsonEntries } from './json-entries.js';
import type { Payload } from './payload.js';

const MAX_URL_BYTES = 6 * 1024;
const REFUSAL = { refused: 'a GET carries the event in its URL, and this one would be longer than 6 KiB' };

export type GetUrl = { url: string } | { refused: string };

/**
 * The URL of a GET delivery: the top-level keys of the event appended to the query that `url` has. Strings go
 * as they are, everything else as the JSON text the producer wrote; an array becomes `data=<json>`.
 */
export function buildGetUrl(url: string, payload: Payload): GetUrl {
  const json = payload.toString();
  const entries = readJsonEntries(json) ?? [['data', json.trim()] as const];
  let query = '';
  for (const [key, valueText] of entries) {
    const value = valueText.startsWith('"') ? (JSON.parse(valueText) as string) : valueText;
    // Checked first: encoding a megabyte only to refuse it would stall the process.
    if (key.length + value.length > MAX_URL_BYTES) return REFUSAL;
    query += `${query && '&'}${new URLSearchParams([[key, value]]).toString()}`;
    if (query.length > MAX_URL_BYTES) return REFUSAL;
  }
  const full = appendQuery(url, query);
  return full.length > MAX_URL_BYTES ? REFUSAL : { url: full };
}

function appendQuery(url: string, query: string): string {
  if (query === '') return url;
  if (!url.includes('?')) return `${url}?${query}`;
  return /[?&]$/.test(url) ? url + query : `${url}&${query}`;
}
