import { once } from 'node:events';
import { connect } from 'node:net';
import { SEQUENCE, SEQUENCE_AT } from './bodies.mjs';

const TOKEN_LENGTH = 43;
const ZERO = 48;

/** A request with blanks for what differs from one to the next. */
export function makeTemplate({ port, path, body, hasToken }) {
  const token = 'T'.repeat(TOKEN_LENGTH);
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `cl-x-event-id: ${SEQUENCE}`,
    ...(hasToken ? [`cl-x-token: ${token}`] : []),
  ].join('\r\n');
  const bytes = Buffer.from(`${head}\r\n\r\n${body}`);
  return {
    bytes,
    tokenAt: hasToken ? bytes.indexOf(token) : -1,
    sequencesAt: [bytes.indexOf(SEQUENCE), Buffer.byteLength(head) + 4 + SEQUENCE_AT],
  };
}

/** What comes over any connection: one reads it before the next one. The generator takes less of the machine by it. */
const incoming = Buffer.allocUnsafeSlow(64 * 1024);

/** One kept-alive connection with one request under way at a time. */
export class Connection {
  #socket;
  #request;
  #template;
  #answered = null;
  #failed = null;
  #text = '';

  static async open(port, template) {
    let connection;
    const onread = { buffer: incoming, callback: (size) => connection.#read(incoming.subarray(0, size)) };
    const socket = connect({ port, host: '127.0.0.1', onread });
    socket.setNoDelay(true);
    await once(socket, 'connect');
    return (connection = new Connection(socket, template));
  }

  constructor(socket, template) {
    this.#socket = socket;
    this.#template = template;
    this.#request = Buffer.from(template.bytes);
    socket.on('error', (error) => this.#failed?.(error));
    socket.on('close', () => this.#failed?.(new Error('the server closed a connection in use')));
  }

  /** @returns the status of the answer. */
  send(seq, token) {
    const { tokenAt, sequencesAt } = this.#template;
    for (const at of sequencesAt) writeDigits(this.#request, at, seq);
    if (token) token.copy(this.#request, tokenAt);
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(this.#request);
    });
  }

  close() {
    this.#failed = null;
    this.#socket.end();
  }

  #read(chunk) {
    this.#text += chunk.latin1Slice();
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return;
    const status = Number(this.#text.slice(9, 12));
    this.#text = '';
    this.#failed = null;
    this.#answered(status);
  }
}

function writeDigits(bytes, at, value) {
  for (let i = SEQUENCE.length - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 10))
    bytes[at + i] = ZERO + (rest % 10);
}
