import type { Socket } from 'node:net';
import { answerClientError } from '../../common/errors/client-error.js';
import { type Answer, KEEP_ALIVE_SECONDS, renderAnswer } from './answer.js';
import { type PlainRequest, readPlainRequest } from './plain-request.js';

/** What is behind a connection. */
export interface House {
  /** Whether the answer that is under way is the last one of every connection. */
  readonly isClosing: boolean;
  /** Of a plain request. */
  readonly maxBodyBytes: number;
  /** Never rejects. */
  answer(request: PlainRequest, body: Buffer): Promise<Answer>;
  /** Gives the connection to Node's server for good, with what has come over it and is not answered. */
  letIn(connection: Connection, socket: Socket, unanswered: Buffer): void;
  left(connection: Connection): void;
}

/** How long a new connection may be silent, as with Node's server. */
const FIRST_REQUEST_MS = 30_000;
/** For the rest of a body that has not come by then Node's server waits. */
const PATIENCE_MS = 1000;

const TOO_LATE = Object.assign(new Error('no request came'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });

/** A connection for as long as all that comes over it are plain requests. One is answered at a time. */
export class Connection {
  /** The request whose body is still coming. */
  private awaited: PlainRequest | null = null;
  private patience: NodeJS.Timeout | undefined;
  private isAnswering = false;
  private hasAnswered = false;
  private hasEnded = false;
  /** What has come and is no whole request yet, or waits behind the one that is answered. */
  private unread: Buffer[] = [];

  constructor(
    private readonly socket: Socket,
    private readonly house: House,
  ) {
    socket.setTimeout(FIRST_REQUEST_MS);
    socket.on('data', this.onData).on('end', this.onEnd).on('timeout', this.onTimeout);
    socket.on('error', this.onError).on('close', this.onClose);
  }

  /** Ends it once nobody waits for an answer; a request that is under way has one. */
  close(): void {
    if (this.awaited) this.letIn();
    else if (!this.isAnswering) this.socket.destroySoon();
  }

  private readonly onData = (chunk: Buffer): void => {
    this.unread.push(chunk);
    // Nothing more is read then, so that the end of what is sent comes after it.
    if (this.isAnswering) this.socket.pause();
    else this.read();
  };

  private read(): void {
    this.awaited ??= readPlainRequest(this.unread[0]!, this.house.maxBodyBytes);
    const request = this.awaited;
    if (request === null) return this.letIn();
    const end = request.bodyAt + request.contentLength;
    const size = this.unread.reduce((sum, { length }) => sum + length, 0);
    if (size < end) {
      this.patience ??= setTimeout(() => this.letIn(), PATIENCE_MS);
      return;
    }
    clearTimeout(this.patience);
    this.patience = undefined;
    this.awaited = null;
    const bytes = this.takeUnread();
    if (bytes.length > end) {
      this.unread.push(bytes.subarray(end));
      this.socket.pause();
    }
    void this.answer(request, bytes.subarray(request.bodyAt, end));
  }

  private takeUnread(): Buffer {
    const bytes = this.unread.length === 1 ? this.unread[0]! : Buffer.concat(this.unread);
    this.unread = [];
    return bytes;
  }

  private async answer(request: PlainRequest, body: Buffer): Promise<void> {
    this.isAnswering = true;
    const answer = await this.house.answer(request, body);
    const isLast = this.hasEnded || this.house.isClosing;
    const isTaken = this.socket.write(renderAnswer(answer, isLast));
    if (isLast) this.socket.destroySoon();
    else if (isTaken) this.goOn();
    // Who does not read its answers is asked nothing more.
    else this.socket.once('drain', () => this.goOn());
  }

  private goOn(): void {
    this.isAnswering = false;
    if (!this.hasAnswered) this.socket.setTimeout(KEEP_ALIVE_SECONDS * 1000);
    this.hasAnswered = true;
    if (this.unread.length === 0) return;
    this.unread = [this.takeUnread()];
    this.socket.resume();
    this.read();
  }

  private letIn(): void {
    clearTimeout(this.patience);
    this.socket.setTimeout(0);
    this.socket.off('data', this.onData).off('end', this.onEnd).off('timeout', this.onTimeout);
    this.socket.off('error', this.onError).off('close', this.onClose);
    this.house.letIn(this, this.socket, this.takeUnread());
  }

  private readonly onEnd = (): void => {
    this.hasEnded = true;
    if (this.awaited) answerClientError(new Error('the end of a connection in a request'), this.socket);
    else if (!this.isAnswering) this.socket.destroySoon();
  };

  private readonly onTimeout = (): void => {
    if (this.isAnswering) return;
    if (this.hasAnswered) this.socket.destroy();
    else answerClientError(TOO_LATE, this.socket);
  };

  private readonly onError = (): void => undefined;

  private readonly onClose = (): void => {
    clearTimeout(this.patience);
    this.house.left(this);
  };
}
