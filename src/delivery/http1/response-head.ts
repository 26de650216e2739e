import { ProtocolError, TOKEN } from './exchange.js';

export interface ResponseHead {
  statusCode: number;
  retryAfter: string | null;
  /** Bytes of the body; null where chunks or the end of the connection tell. */
  contentLength: number | null;
  isChunked: boolean;
  /** False where the body ends with the connection, whatever it is. */
  isFramed: boolean;
  /** How long the connection may be used again; 0 ends it. */
  keepAliveMs: number;
}

/** Where the other side says nothing of it. */
export const KEEP_ALIVE_MS = 4000;
const MAX_KEEP_ALIVE_MS = 600_000;
/** The other side counts from another moment. */
const KEEP_ALIVE_MARGIN_MS = 2000;

const BEGIN = 'HTTP/1.';
const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: .*)?$/;
/** A carriage return, line feed or NUL that is no end of a line. */
const STRAY = /\0|\r(?!\n|$)|(?<!\r)\n/;
const DIGITS = /^\d{1,15}$/;
const SECONDS = /^\d{1,9}$/;
const TIMEOUT = 'timeout=';

/**
 * Looks at a head of which more has to come, so that nobody waits for the rest of what is none.
 * @throws ProtocolError
 */
export function checkStart(text: string): void {
  if (!text.startsWith(text.length < BEGIN.length ? BEGIN.slice(0, text.length) : BEGIN))
    throw new ProtocolError('this is no HTTP/1');
  if (STRAY.test(text)) throw new ProtocolError('a control character in the head');
}

/** What the headers say, before it is weighed. */
interface Facts {
  head: ResponseHead;
  isHttp11: boolean;
  closes: boolean;
  keepsAlive: boolean;
  timeoutSeconds: number | null;
}

/**
 * Reads a head without the empty line at its end (RFC 9112).
 * @throws ProtocolError
 */
export function readHead(text: string): ResponseHead {
  checkStart(text);
  if (text.endsWith('\r')) throw new ProtocolError('a control character in the head');
  const [statusLine, ...lines] = text.split('\r\n');
  const status = STATUS_LINE.exec(statusLine!);
  if (!status) throw new ProtocolError('the status line');
  const head: ResponseHead = {
    statusCode: Number(status[2]),
    retryAfter: null,
    contentLength: null,
    isChunked: false,
    isFramed: true,
    keepAliveMs: 0,
  };
  const facts = { head, isHttp11: status[1] === '1', closes: false, keepsAlive: false, timeoutSeconds: null };
  for (const line of lines) readHeader(facts, line);
  if (head.contentLength !== null && (head.isChunked || !head.isFramed))
    throw new ProtocolError('both a length and an encoding that tells it');
  head.keepAliveMs = keepAliveMsOf(facts);
  return head;
}

function keepAliveMsOf({ isHttp11, closes, keepsAlive, timeoutSeconds }: Facts): number {
  if (closes || !(isHttp11 || keepsAlive)) return 0;
  if (timeoutSeconds === null) return KEEP_ALIVE_MS;
  return Math.min(MAX_KEEP_ALIVE_MS, Math.max(0, timeoutSeconds * 1000 - KEEP_ALIVE_MARGIN_MS));
}

/** Only what frames the message, and what the product looks at. */
function readHeader(facts: Facts, line: string): void {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon);
  if (colon < 1 || !TOKEN.test(name)) throw new ProtocolError('a header');
  // Most headers are of other lengths.
  if (colon !== 10 && colon !== 11 && colon !== 14 && colon !== 17) return;
  const value = line.slice(colon + 1).trim();
  switch (name.toLowerCase()) {
    case 'content-length':
      return readLength(facts.head, value);
    case 'transfer-encoding':
      return readEncoding(facts.head, value);
    case 'connection':
      return readConnection(facts, value);
    case 'keep-alive':
      return readKeepAlive(facts, value);
    case 'retry-after':
      facts.head.retryAfter = value;
  }
}

function readLength(head: ResponseHead, value: string): void {
  if (!DIGITS.test(value) || head.contentLength !== null) throw new ProtocolError('the length of the body');
  head.contentLength = Number(value);
}

function readEncoding(head: ResponseHead, value: string): void {
  head.isChunked = listOf(value).at(-1) === 'chunked';
  head.isFramed = head.isChunked;
}

function readConnection(facts: Facts, value: string): void {
  const options = listOf(value);
  facts.closes ||= options.includes('close');
  facts.keepsAlive ||= options.includes('keep-alive');
}

function readKeepAlive(facts: Facts, value: string): void {
  const timeout = listOf(value).find((parameter) => parameter.startsWith(TIMEOUT));
  const seconds = timeout?.slice(TIMEOUT.length) ?? '';
  if (SECONDS.test(seconds)) facts.timeoutSeconds = Number(seconds);
}

// No regular expression: one for blanks around commas takes a second for what somebody made for it.
const listOf = (value: string): string[] =>
  value
    .toLowerCase()
    .split(',')
    .map((item) => item.trim());
