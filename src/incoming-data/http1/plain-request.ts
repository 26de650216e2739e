import { isHost } from '../../common/http/wire-rules.js';

/** A request that brings one event and is all that it could be without anything to weigh. */
export interface PlainRequest {
  token: string | undefined;
  eventId: string | undefined;
  contentType: string | undefined;
  requestId: string | undefined;
  /** Where the body begins, and how many bytes of it there are. */
  bodyAt: number;
  contentLength: number;
  /** When its head was read, in performance.now(). */
  since: number;
}

/** With less than that a head has come with one read of the socket, as good as always. */
const MAX_HEAD_BYTES = 8 * 1024;

/** Of the operation `receiveData`, which the document and most producers write like this. */
export const ROUTE = '/api/server/incoming_data';
const REQUEST_LINES = [ROUTE, '/server/incoming_data'].map((path) => `POST ${path} HTTP/1.1\r\n`);
const END_OF_LINE = '\r\n';
const END_OF_HEAD = '\r\n\r\n';
/** Token, colon, and what every reader of HTTP takes for the same value: some refuse a tab behind a number. */
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\x20-\x7e]*$/;
const LENGTH = /^\d{1,9}$/;

/** Headers that say how the message is framed or what becomes of the connection, which is for Node to weigh. */
const WEIGHED = new Set([
  'content-encoding',
  'expect',
  'proxy-connection',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers that are looked at, each of which may come once. */
type Known = Record<
  'connection' | 'content-length' | 'content-type' | 'cl-x-event-id' | 'cl-x-token' | 'host' | 'x-request-id',
  string | undefined
>;

/**
 * Reads a request whose head is in `bytes` from their beginning, whole. Null for every other: for other paths and
 * methods, for heads of which more has to come, and wherever two readers of HTTP could differ.
 */
export function readPlainRequest(bytes: Buffer, maxBodyBytes: number): PlainRequest | null {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end < 0 || end > MAX_HEAD_BYTES) return null;
  const head = bytes.toString('latin1', 0, end + END_OF_LINE.length);
  const requestLine = REQUEST_LINES.find((line) => head.startsWith(line));
  const known = requestLine && readHeaders(head, requestLine.length);
  return known ? weigh(known, end + END_OF_HEAD.length, maxBodyBytes) : null;
}

/** @param head of lines that each have their end */
function readHeaders(head: string, start: number): Known | null {
  const known: Known = {
    connection: undefined,
    'content-length': undefined,
    'content-type': undefined,
    'cl-x-event-id': undefined,
    'cl-x-token': undefined,
    host: undefined,
    'x-request-id': undefined,
  };
  for (let at = start, end = 0; at < head.length; at = end + END_OF_LINE.length) {
    end = head.indexOf(END_OF_LINE, at);
    const line = head.slice(at, end);
    if (!HEADER.test(line)) return null;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (WEIGHED.has(name)) return null;
    if (Object.hasOwn(known, name)) {
      if (known[name as keyof Known] !== undefined) return null;
      known[name as keyof Known] = line.slice(colon + 1).trim();
    }
  }
  return known;
}

function weigh(known: Known, bodyAt: number, maxBodyBytes: number): PlainRequest | null {
  const { connection, host } = known;
  const length = known['content-length'];
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return null;
  if (host === undefined || !isHost(host)) return null;
  if (length === undefined || !LENGTH.test(length)) return null;
  const contentLength = Number(length);
  if (contentLength > maxBodyBytes) return null;
  return {
    token: known['cl-x-token'],
    eventId: known['cl-x-event-id'],
    contentType: known['content-type'],
    requestId: known['x-request-id'],
    bodyAt,
    contentLength,
    since: performance.now(),
  };
}
