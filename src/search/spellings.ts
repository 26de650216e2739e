const NOT_ASCII = /[^\x20-\x7f]/g;

const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * How a text may be written in a payload, whose bytes are searched as they came: as it is, escaped as JSON demands
 * it, in ASCII alone, and with escaped slashes, as some languages write it by themselves.
 */
export function spellingsOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(NOT_ASCII, escape);
  return [...new Set([text, json, ascii, ascii.replaceAll('/', String.raw`\/`)])];
}
