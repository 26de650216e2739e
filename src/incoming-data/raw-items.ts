import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  DOUBLE_QUOTE,
  ENDS_TOO_EARLY,
  OPEN_BRACE,
  OPEN_BRACKET,
  endOfString,
  isWhiteSpace,
  unexpectedAt,
} from './json-body.js';

const COMMA = 0x2c;

/** A member of a JSON object: its key as JSON.parse reads it, its value as the bytes that were sent. */
export interface RawMember {
  key: string;
  value: Buffer;
}

/** The most items of an array, and the most members of each. */
export interface ItemLimits {
  items: number;
  members: number;
}

/**
 * Finds what makes a body not worth parsing, and stops there: parsing a million items that are refused anyway takes
 * a second, in which a process does nothing else. Takes any bytes; what is no JSON at all is left to the parser.
 * @returns what is wrong, to be said of the body; null when it may be parsed.
 */
export function findShapeProblem(body: Buffer, limits: ItemLimits): string | null {
  if (body[skipBlank(body, 0)] === OPEN_BRACE) return 'must be an array of {"event_id", "data"}';
  let depth = 0;
  let items = 1;
  let members = 1;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === DOUBLE_QUOTE) at = endOfString(body, at);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth === 2) members = 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    else if (byte === COMMA && depth === 1 && ++items > limits.items)
      return `must have 1 to ${limits.items} events; this one has more`;
    else if (byte === COMMA && depth === 2 && ++members > limits.members)
      return `must have events of at most ${limits.members} members; number ${items} has more`;
  }
  return null;
}

export const isArray = (body: Buffer): boolean => body[skipBlank(body, 0)] === OPEN_BRACKET;

/** An item of an array as it was sent, with the blanks around it. */
export interface RawItem {
  /** Of the body. */
  at: number;
  bytes: Buffer;
}

/**
 * Cuts an array at its commas without reading what is between them, so that each item can be parsed by itself. The body
 * is JSON if, and only if, every item is.
 * @param body begins with a bracket, after blanks
 * @returns the items, or why there are none to be read
 */
export function splitItems(body: Buffer): RawItem[] | string {
  const items: RawItem[] = [];
  let start = skipBlank(body, 0) + 1;
  let depth = 0;
  for (let at = start; at < body.length; at++) {
    const byte = body[at];
    if (byte === DOUBLE_QUOTE) at = endOfString(body, at);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === COMMA && depth === 0) {
      items.push({ at: start, bytes: body.subarray(start, at) });
      start = at + 1;
    } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && depth-- === 0) {
      const rest = byte === CLOSE_BRACKET ? skipBlank(body, at + 1) : at;
      if (rest < body.length) return unexpectedAt(rest);
      if (items.length > 0 || skipBlank(body, start) < at)
        items.push({ at: start, bytes: body.subarray(start, at) });
      return items;
    }
  }
  return ENDS_TOO_EARLY;
}

/**
 * The members of an object in their order, repeated keys included, without reading their values, so that no number,
 * escape or blank changes.
 * @param item an object that JSON.parse takes, or any other value it takes
 * @returns null for what is no object
 */
export function membersOf(item: Buffer): RawMember[] | null {
  const start = skipBlank(item, 0);
  return item[start] === OPEN_BRACE ? cutMembers(item.subarray(start)) : null;
}

function cutMembers(object: Buffer): RawMember[] {
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
