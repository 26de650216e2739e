import { answerClientError } from '../../common/errors/client-error.js';
import { KEEP_ALIVE_SECONDS, REQUEST_MS } from '../../common/http/timeouts.js';
import { type Answer, renderAnswer } from './answer.js';
import { type DirectSocket, leave } from './direct-socket.js';
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
  letIn(connection: Connection, unanswered: Buffer): void;
  left(connection: Connection): void;
}

/** What is sent at the last moment that was promised may be on its way for a second. */
const IDLE_MS = (KEEP_ALIVE_SECONDS + 1) * 1000;
/** For the rest of a body that has not come by then Node's server waits; so long one that closes waits for a first request. */
const PATIENCE_MS = 1000;

const TOO_LATE = Object.assign(new Error('no request came'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });

/** What comes after the last answer. */
const drop = (): boolean => true;

/** A connection for as long as all that comes over it are plain requests. One is answered at a time. */
export class Connection {
  /** The request whose body is still coming, and what has come of it. */
  private awaited: PlainRequest | null = null;
  private parts: Buffer[] = [];
  private size = 0;
  private patience: NodeJS.Timeout | undefined;
  private isAnswering = false;
  /** The other side has not read the last answer. */
  private isUnread = false;
  private hasAnswered = false;
  private hasEnded = false;

  constructor(
    readonly socket: DirectSocket,
    private readonly house: House,
  ) {
    socket.setTimeout(REQUEST_MS);
    socket.onBytes = this.onBytes;
    socket.on('data', this.onData).on('end', this.onEnd).on('timeout', this.onTimeout);
    socket.on('error', this.onError).on('close', this.onClose);
  }

  /** Ends it once nobody waits for an answer; a request that has come, whole or not, gets one. */
  close(): void {
    if (this.awaited) this.letIn();
    // Whoever has just connected has sent something, which may be on its way.
    else if (!this.hasAnswered) this.socket.setTimeout(PATIENCE_MS);
    else if (!this.isAnswering && this.socket.readableLength === 0) this.end();
  }

  private end(): void {
    this.socket.onBytes = drop;
    this.socket.off('data', this.onData).destroySoon();
  }

  /** What the stream holds comes first. */
  private readonly onBytes = (bytes: Buffer): boolean => {
    if (this.isAnswering || this.socket.readableLength > 0) return false;
    this.onData(bytes);
    return true;
  };

  private readonly onData = (chunk: Buffer): void => {
    if (this.isAnswering) return this.postpone(chunk);
    this.awaited ??= readPlainRequest(chunk, this.house.maxBodyBytes);
    this.parts.push(chunk);
    this.size += chunk.length;
    if (this.awaited === null) return this.letIn();
    const end = this.awaited.bodyAt + this.awaited.contentLength;
    if (this.size < end) this.patience ??= setTimeout(() => this.letIn(), PATIENCE_MS);
    else this.begin(this.awaited, end);
  };

  /** Nothing more is read until it was, not even that the other side has ended. */
  private postpone(chunk: Buffer): void {
    this.socket.pause();
    this.socket.unshift(chunk);
  }

  /** @param end of the request in what has come */
  private begin(request: PlainRequest, end: number): void {
    clearTimeout(this.patience);
    this.patience = undefined;
    this.awaited = null;
    const bytes = this.takeParts();
    if (bytes.length > end) this.postpone(bytes.subarray(end));
    void this.answer(request, bytes.subarray(request.bodyAt, end));
  }

  private takeParts(): Buffer {
    const bytes = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
    this.parts = [];
    this.size = 0;
    return bytes;
  }

  private async answer(request: PlainRequest, body: Buffer): Promise<void> {
    this.isAnswering = true;
    const answer = await this.house.answer(request, body);
    const isTaken = this.socket.write(renderAnswer(answer, this.isLast));
    if (isTaken) return this.goOn();
    // Who does not read its answers is asked nothing more.
    this.isUnread = true;
    this.socket.once('drain', () => this.goOn());
  }

  private get isLast(): boolean {
    return this.hasEnded || this.house.isClosing;
  }

  private goOn(): void {
    this.isAnswering = false;
    this.isUnread = false;
    if (this.isLast) return this.end();
    if (!this.hasAnswered) this.socket.setTimeout(IDLE_MS);
    this.hasAnswered = true;
    if (this.socket.isPaused()) this.socket.resume();
  }

  private letIn(): void {
    clearTimeout(this.patience);
    this.socket.setTimeout(0);
    this.socket.onBytes = leave;
    this.socket.off('data', this.onData).off('end', this.onEnd).off('timeout', this.onTimeout);
    this.socket.off('error', this.onError).off('close', this.onClose);
    this.house.letIn(this, this.takeParts());
  }

  private readonly onEnd = (): void => {
    this.hasEnded = true;
    if (this.awaited) answerClientError(new Error('the end of a connection in a request'), this.socket);
    else if (!this.isAnswering) this.end();
  };

  private readonly onTimeout = (): void => {
    if (this.isAnswering && !this.isUnread) return;
    if (this.hasAnswered || this.isUnread) this.socket.destroy();
    // Whoever stood still finds its timers before what has come meanwhile: that gets a turn.
    else if (this.house.isClosing) setImmediate(() => this.socket.bytesRead === 0 && this.socket.destroy());
    else answerClientError(TOO_LATE, this.socket);
  };

  private readonly onError = (): void => undefined;

  private readonly onClose = (): void => {
    clearTimeout(this.patience);
    this.house.left(this);
  };
}
