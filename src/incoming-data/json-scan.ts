// Bytes that JSON is made of. They are here because an imported constant is looked up each time it is used.
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANK = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LOWER_A = 0x61;
const LOWER_E = 0x65;
const LOWER_F = 0x66;
const LOWER_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** The bit in which small and capital letters differ. */
const SMALL = 0x20;

/** Members at the top of a body: the last value of each name, where it is a string. */
export interface ScannedTypes {
  event_type: string | null;
  type: string | null;
}

const NAMES = ['event_type', 'type'] as const;
const LITERALS = new Map(['true', 'false', 'null'].map((text) => [text.charCodeAt(0), Buffer.from(text)]));
/** What may follow a backslash, but for `u` and its digits. */
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'));
const HEX_DIGITS = 4;

/** What begins here is something else than was to be read. */
const WRONG = -1;

/**
 * Checks a body without making anything of it, in a fraction of the time of JSON.parse and without its garbage.
 * @param body UTF-8
 * @returns null where it is no object or array of RFC 8259 that is nested at most `maxDepth` deep, and where an escape
 * stands in what its event type is found by: JSON.parse decides then, and says what is wrong
 */
export function scanJson(body: Buffer, maxDepth: number): ScannedTypes | null {
  const types: ScannedTypes = { event_type: null, type: null };
  const start = skipBlanks(body, 0);
  const end =
    body[start] === OPEN_BRACE
      ? readMembers(body, start, maxDepth, types)
      : body[start] === OPEN_BRACKET
        ? readElements(body, start, maxDepth)
        : WRONG;
  return end !== WRONG && skipBlanks(body, end) === body.length ? types : null;
}

// Each of these takes where something begins and returns where it ends. Positions travel as numbers and nothing is kept
// in an object, which takes half the time.

function skipBlanks(bytes: Buffer, start: number): number {
  const size = bytes.length;
  let at = start;
  while (at < size && isBlank(bytes[at]!)) at++;
  return at;
}

const isBlank = (byte: number): boolean =>
  byte === BLANK || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE;

const isHex = (byte: number): boolean =>
  isDigit(byte) || ((byte | SMALL) >= LOWER_A && (byte | SMALL) <= LOWER_F);

/** @param levels how deep it may be nested, itself counted where it is */
function readValue(bytes: Buffer, start: number, levels: number): number {
  const first = bytes[start];
  if (first === QUOTE) return readString(bytes, start);
  if (first === OPEN_BRACE) return readMembers(bytes, start, levels, null);
  if (first === OPEN_BRACKET) return readElements(bytes, start, levels);
  if (first === MINUS || isDigit(first!)) return readNumber(bytes, start);
  return readLiteral(bytes, start);
}

/** @param types of the object at the top, which are found meanwhile */
function readMembers(bytes: Buffer, start: number, levels: number, types: ScannedTypes | null): number {
  if (levels === 0) return WRONG;
  let at = skipBlanks(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACE) return at + 1;
  for (;;) {
    if (bytes[at] !== QUOTE) return WRONG;
    const nameEnd = readString(bytes, at);
    if (nameEnd === WRONG) return WRONG;
    const colonAt = skipBlanks(bytes, nameEnd);
    if (bytes[colonAt] !== COLON) return WRONG;
    const valueAt = skipBlanks(bytes, colonAt + 1);
    const end = readValue(bytes, valueAt, levels - 1);
    if (end === WRONG) return WRONG;
    if (types !== null && !noteType(types, bytes, at, nameEnd, valueAt, end)) return WRONG;
    const next = skipBlanks(bytes, end);
    if (bytes[next] === CLOSE_BRACE) return next + 1;
    if (bytes[next] !== COMMA) return WRONG;
    at = skipBlanks(bytes, next + 1);
  }
}

function readElements(bytes: Buffer, start: number, levels: number): number {
  if (levels === 0) return WRONG;
  let at = skipBlanks(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACKET) return at + 1;
  for (;;) {
    const end = readValue(bytes, at, levels - 1);
    if (end === WRONG) return WRONG;
    const next = skipBlanks(bytes, end);
    if (bytes[next] === CLOSE_BRACKET) return next + 1;
    if (bytes[next] !== COMMA) return WRONG;
    at = skipBlanks(bytes, next + 1);
  }
}

/** @returns false where an escape stands in the name, or in the value of a name that counts */
function noteType(
  types: ScannedTypes,
  bytes: Buffer,
  nameAt: number,
  nameEnd: number,
  valueAt: number,
  end: number,
): boolean {
  if (hasEscape(bytes, nameAt, nameEnd)) return false;
  const name = NAMES.find(
    (one) => nameEnd - nameAt === one.length + 2 && textOf(bytes, nameAt, nameEnd) === one,
  );
  if (name === undefined) return true;
  const isText = bytes[valueAt] === QUOTE;
  types[name] = isText ? textOf(bytes, valueAt, end) : null;
  return !isText || !hasEscape(bytes, valueAt, end);
}

const textOf = (bytes: Buffer, start: number, end: number): string =>
  bytes.toString('utf8', start + 1, end - 1);

function hasEscape(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}

function readString(bytes: Buffer, start: number): number {
  const size = bytes.length;
  for (let at = start + 1; at < size; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte < BLANK) return WRONG;
    if (byte === BACKSLASH && (at = lastOfEscape(bytes, at)) === WRONG) return WRONG;
  }
  return WRONG;
}

function lastOfEscape(bytes: Buffer, start: number): number {
  const kind = bytes[start + 1]!;
  if (ESCAPED.has(kind)) return start + 1;
  if (kind !== LOWER_U) return WRONG;
  const last = start + 1 + HEX_DIGITS;
  for (let at = start + 2; at <= last; at++) if (!isHex(bytes[at]!)) return WRONG;
  return last;
}

function readNumber(bytes: Buffer, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  // No zeros stand before a number.
  at = bytes[at] === ZERO ? at + 1 : readDigits(bytes, at);
  if (at !== WRONG && bytes[at] === DOT) at = readDigits(bytes, at + 1);
  if (at === WRONG || (bytes[at]! | SMALL) !== LOWER_E) return at;
  const sign = bytes[at + 1];
  return readDigits(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
}

function readDigits(bytes: Buffer, start: number): number {
  let at = start;
  while (isDigit(bytes[at]!)) at++;
  return at === start ? WRONG : at;
}

function readLiteral(bytes: Buffer, start: number): number {
  const literal = LITERALS.get(bytes[start]!);
  if (literal === undefined) return WRONG;
  const end = start + literal.length;
  return end <= bytes.length && literal.compare(bytes, start, end) === 0 ? end : WRONG;
}
