import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  DOUBLE_QUOTE,
  OPEN_BRACE,
  OPEN_BRACKET,
  endOfString,
  isWhiteSpace,
} from './json-body.js';

const COMMA = 0x2c;

/** A member of a JSON object: its key as JSON.parse reads it, its value as the bytes that were sent. */
export interface RawMember {
  key: string;
  value: Buffer;
}

/**
 * Cuts a JSON array into its items without reading their values, so that no number, escape or blank changes.
 * @param body an array that JSON.parse takes; of anything else the result means nothing.
 * @returns the members of each item in their order, repeated keys included; null for an item that is no object.
 */
export function sliceItems(body: Buffer): (RawMember[] | null)[] {
  const items: (RawMember[] | null)[] = [];
  let at = skipBlank(body, skipBlank(body, 0) + 1);
  while (body[at] !== CLOSE_BRACKET) {
    const end = endOfValue(body, at);
    items.push(body[at] === OPEN_BRACE ? membersOf(body.subarray(at, end)) : null);
    at = skipComma(body, end);
  }
  return items;
}

function membersOf(object: Buffer): RawMember[] {
  const members: RawMember[] = [];
  let at = skipBlank(object, 1);
  while (object[at] !== CLOSE_BRACE) {
    const keyEnd = endOfValue(object, at);
    const key = JSON.parse(object.toString('utf8', at, keyEnd)) as string;
    const start = skipBlank(object, skipBlank(object, keyEnd) + 1);
    const end = endOfValue(object, start);
    members.push({ key, value: object.subarray(start, end) });
    at = skipComma(object, end);
  }
  return members;
}

function skipBlank(bytes: Buffer, at: number): number {
  while (isWhiteSpace(bytes[at])) at++;
  return at;
}

function skipComma(bytes: Buffer, end: number): number {
  const at = skipBlank(bytes, end);
  return bytes[at] === COMMA ? skipBlank(bytes, at + 1) : at;
}

/** The byte after the value that begins at `at`. */
function endOfValue(bytes: Buffer, at: number): number {
  let depth = 0;
  do {
    const byte = bytes[at];
    if (byte === DOUBLE_QUOTE) at = endOfString(bytes, at) + 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      at++;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
      at++;
    } else at = depth > 0 ? at + 1 : endOfScalar(bytes, at);
  } while (depth > 0);
  return at;
}

function endOfScalar(bytes: Buffer, at: number): number {
  while (at < bytes.length && !isWhiteSpace(bytes[at]) && !isDelimiter(bytes[at]!)) at++;
  return at;
}

const isDelimiter = (byte: number): boolean =>
  byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte === 0x3a;
