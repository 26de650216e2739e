import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { uuidv7 } from '../uuid.js';
import { Problem } from './problem.js';
import { PROBLEM_TYPE, renderProblem } from './problem.filter.js';

type HttpSocket = Socket & { _httpMessage?: ServerResponse | null };

/** Connections that have an answer under way; whatever else they send meanwhile is not worth another one. */
const waiting = new WeakSet<Socket>();

/** Answers what Node cannot read as HTTP. There is no request to answer then, so it goes to the socket by hand. */
export function answerClientError(error: Error & { code?: string }, socket: HttpSocket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || waiting.has(socket)) return;
  const { _httpMessage: answer } = socket;
  // Answers go out in the order of their requests: ours would be taken for the one that is still to come.
  if (answer && (answer.req.complete || answer.headersSent)) {
    waiting.add(socket);
    answer.once('close', () => setImmediate(answerNext, error, socket, answer.req.complete));
    return;
  }
  if (socket.writable) socket.write(toResponse(toProblem(error.code)));
  socket.destroy(error);
}

/** @param isNext false when what could not be read belongs to the request that was just answered. */
function answerNext(error: Error, socket: HttpSocket, isNext: boolean): void {
  waiting.delete(socket);
  if (isNext) answerClientError(error, socket);
  else socket.destroy(error);
}

function toProblem(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem('request_timeout', 'The request did not arrive in time. Send it again.');
  if (code === 'HPE_HEADER_OVERFLOW')
    return new Problem('headers_too_large', 'The address and the headers are too long together.');
  return new Problem('invalid_data', 'This is not a valid HTTP/1.1 request.');
}

function toResponse(problem: Problem): string {
  const requestId = uuidv7();
  const body = JSON.stringify(renderProblem(problem, requestId));
  const headers = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  return `${headers.join('\r\n')}\r\n\r\n${body}`;
}
