import { type HeaderMap, MASK } from '../destinations/destination-headers.js';

/** What is shorter is hardly a secret, and to hide it would blot out much of what a destination says. */
const SHORTEST = 8;
/** They say what is sent, not who sends it. */
const OPEN_HEADERS = new Set(['accept', 'accept-language', 'content-language', 'content-type', 'user-agent']);

/**
 * What an answer must not show of a destination's headers, longest first: the values, which members may not read, and
 * what follows the scheme of credentials.
 */
export function hiddenValues(headers: HeaderMap): string[] {
  const values = Object.entries(headers)
    .filter(([name]) => !OPEN_HEADERS.has(name.toLowerCase()))
    .flatMap(([, value]) => [value, value.slice(value.indexOf(' ') + 1)])
    // As a destination writes them that tells in JSON what it was sent.
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1)])
    .filter((value) => value.length >= SHORTEST);
  return [...new Set(values)].toSorted((a, b) => b.length - a.length);
}

/** The text without any of these, nor the start of one that its end has cut. */
export function hide(text: string, values: readonly string[]): string {
  let shown = text;
  for (const value of values) {
    if (shown.includes(value)) shown = shown.replaceAll(value, MASK);
    shown = hideAtEnd(shown, value);
  }
  return shown;
}

function hideAtEnd(text: string, value: string): string {
  const start = value.slice(0, SHORTEST);
  let at = text.indexOf(start, text.length - value.length + 1);
  while (at >= 0 && !value.startsWith(text.slice(at))) at = text.indexOf(start, at + 1);
  return at < 0 ? text : text.slice(0, at) + MASK;
}
