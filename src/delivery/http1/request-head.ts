import { InvalidRequestError, TOKEN } from './exchange.js';

const PATH = /^[\x21-\xff]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** They frame the message, which nobody but this file does. */
const FRAMING = /^(host|connection|content-length|transfer-encoding|te|trailer|keep-alive|upgrade|expect)$/i;

/** The same few names are in every request. */
const checkedNames = new Set<string>();
const MAX_CHECKED_NAMES = 1000;

/**
 * The head of a request (RFC 9112), to be written as latin1.
 * @param headers name, value, name, value.
 * @param bodyBytes null without a body.
 * @throws InvalidRequestError where something in it would change the message or cannot be sent.
 */
export function requestHead(
  method: string,
  path: string,
  host: string,
  headers: readonly string[],
  bodyBytes: number | null,
): string {
  if (!TOKEN.test(method) || !PATH.test(path)) throw new InvalidRequestError('the method or the path');
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += headerLine(headers[i]!, headers[i + 1]!);
  if (bodyBytes !== null) head += `content-length: ${bodyBytes}\r\n`;
  return `${head}\r\n`;
}

function headerLine(name: string, value: string): string {
  if (!checkedNames.has(name)) checkName(name);
  if (!VALUE.test(value)) throw new InvalidRequestError('a header');
  return `${name}: ${value}\r\n`;
}

function checkName(name: string): void {
  if (!TOKEN.test(name) || FRAMING.test(name)) throw new InvalidRequestError('a header');
  if (checkedNames.size < MAX_CHECKED_NAMES) checkedNames.add(name);
}
