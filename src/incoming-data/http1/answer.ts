import { STATUS_CODES } from 'node:http';
import { PROBLEM_TYPE, renderProblem } from '../../common/errors/problem.filter.js';
import type { Problem } from '../../common/errors/problem.js';
import { KEEP_ALIVE_SECONDS } from '../../common/http/timeouts.js';
import type { ReceiptView } from '../incoming-data.dto.js';

/** What a request is answered, but for what any answer has. */
export interface Answer {
  status: number;
  requestId: string;
  headers: Record<string, string>;
  contentType: string;
  body: string;
}

const STAYS_OPEN = `Connection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_SECONDS}`;
const JSON_TYPE = 'application/json; charset=utf-8';

export const receiptAnswer = (
  receipt: ReceiptView,
  requestId: string,
  headers: Record<string, string>,
): Answer => ({
  status: receipt.duplicate ? 200 : 202,
  requestId,
  headers,
  contentType: JSON_TYPE,
  body: JSON.stringify(receipt),
});

export const problemAnswer = (
  problem: Problem,
  requestId: string,
  headers: Record<string, string>,
): Answer => ({
  status: problem.status,
  requestId,
  headers: { ...headers, ...problem.options.headers },
  contentType: PROBLEM_TYPE,
  body: JSON.stringify(renderProblem(problem, requestId)),
});

/** The answer as it goes over the wire. */
export function renderAnswer(
  { status, requestId, headers, contentType, body }: Answer,
  isLast: boolean,
): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nx-request-id: ${requestId}\r\n`;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  head += `content-type: ${contentType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
  return `${head}Date: ${httpDate()}\r\n${isLast ? 'Connection: close' : STAYS_OPEN}\r\n\r\n${body}`;
}

let dateSecond = 0;
let date = '';

/** The time as headers have it; it changes once a second. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = new Date(second * 1000).toUTCString();
  }
  return date;
}
