import { isUtf8 } from 'node:buffer';
import { scanJson } from './json-scan.js';

export type JsonInspection = { ok: true; eventType: string | null } | { ok: false; problem: string };

export const DOUBLE_QUOTE = 0x22;
const BACKSLASH = 0x5c;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** How deep an event may be nested. */
export const MAX_DEPTH = 200;

/** No control character; no lone surrogate either, since PostgreSQL cannot store one. */
const EVENT_TYPE = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/** Where V8 ends its message with a position. The rest of the message may quote the payload. */
const V8_POSITION = / at position (\d+)(?: \(line \d+ column \d+\))?$/;

/**
 * Decides whether a body is a JSON document (RFC 8259, UTF-8, an object or array, nested at most `maxDepth`
 * deep) and reads its event type: the top-level string `event_type`, else `type`, of 1–255 characters.
 * A problem is what `body` is, such as "is empty", and never repeats payload content; offsets count bytes from 0.
 */
export function inspectJson(body: Buffer, maxDepth = MAX_DEPTH): JsonInspection {
  const scanned = isUtf8(body) ? scanJson(body, maxDepth) : null;
  if (scanned !== null) return { ok: true, eventType: eventTypeOf(scanned) };
  const parsed = parseJson(body, maxDepth);
  return typeof parsed === 'string'
    ? { ok: false, problem: parsed }
    : { ok: true, eventType: eventTypeOf(parsed) };
}

/** The object or array of a body that is such a document, or the problem with it. */
export function parseJson(body: Buffer, maxDepth: number): object | string {
  const problem = bytesProblem(body, maxDepth);
  if (problem !== null) return problem;
  const parsed = parseValue(body, 0);
  if ('problem' in parsed) return parsed.problem;
  const { value } = parsed;
  if (typeof value === 'object' && value !== null) return value;
  const kind = value === null ? 'null' : `a ${typeof value}`;
  return `must be a JSON object or array, not ${kind}`;
}

/** What can be said of a body before it is parsed: whether it is text at all, and nested no deeper than it may be. */
export const bytesProblem = (body: Buffer, maxDepth: number): string | null =>
  encodingProblem(body) ?? depthProblem(body, maxDepth);

/** A value out of a body whose bytes have no problem. @param at where it begins there, for what is said of it */
export function parseValue(bytes: Buffer, at: number): { value: unknown } | { problem: string } {
  const text = bytes.toString('utf8');
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: syntaxProblem(text, at, error) };
  }
}

export function eventTypeOf(value: object): string | null {
  const { event_type, type } = value as { event_type?: unknown; type?: unknown };
  if (isEventType(event_type)) return event_type;
  return isEventType(type) ? type : null;
}

function isEventType(value: unknown): value is string {
  return typeof value === 'string' && EVENT_TYPE.test(value);
}

function encodingProblem(body: Buffer): string | null {
  if (isBlank(body)) return 'is empty; a JSON object or array is expected';
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) {
    return 'starts with a byte order mark (EF BB BF); send UTF-8 without it';
  }
  if (isUtf8(body)) return null;
  return `is not valid UTF-8: malformed sequence at byte ${firstInvalidUtf8(body)}`;
}

function isBlank(body: Buffer): boolean {
  let at = 0;
  while (isWhiteSpace(body[at])) at++;
  return at === body.length;
}

export function isWhiteSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/** Decoding replaces the first bad sequence by EF BF BD, so encoding again shows where the bytes part. */
function firstInvalidUtf8(body: Buffer): number {
  const repaired = Buffer.from(body.toString('utf8'));
  let at = 0;
  while (at < body.length && body[at] === repaired[at]) at++;
  // A bad sequence that itself starts with EF or EF BF parts one or two bytes late.
  if (body[at - 1] === 0xef) return at - 1;
  if (body[at - 1] === 0xbf && body[at - 2] === 0xef) return at - 2;
  return at;
}

/** Runs before the parser, so that no parser ever sees hostile nesting. */
function depthProblem(body: Buffer, maxDepth: number): string | null {
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === DOUBLE_QUOTE) {
      at = endOfString(body, at);
    } else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      if (++depth > maxDepth) return `is nested deeper than ${maxDepth} levels at byte ${at}`;
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
      depth--;
    }
  }
  return null;
}

/** Where the closing quote is. */
export function endOfString(body: Buffer, openingQuote: number): number {
  let at = openingQuote + 1;
  while (at < body.length && body[at] !== DOUBLE_QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at;
}

export const ENDS_TOO_EARLY = 'is not valid JSON: it ends too early';
export const unexpectedAt = (byte: number): string =>
  `is not valid JSON (RFC 8259): unexpected content at byte ${byte}`;

function syntaxProblem(text: string, at: number, error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const position = V8_POSITION.exec(message)?.[1];
  if (message === 'Unexpected end of JSON input' || Number(position) >= text.length)
    // What begins further on in a body is followed by something: that is what nobody expects there.
    return at === 0 ? ENDS_TOO_EARLY : unexpectedAt(at + Buffer.byteLength(text));
  if (position === undefined) return 'is not valid JSON (RFC 8259)';
  return unexpectedAt(at + Buffer.byteLength(text.slice(0, Number(position))));
}
