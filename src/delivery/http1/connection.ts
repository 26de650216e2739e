import type { Socket } from 'node:net';
import { ClosedError, type Exchange, type HttpRequest } from './exchange.js';
import { KEEP_ALIVE_MS } from './response-head.js';
import { ResponseReader } from './response-reader.js';

export interface ConnectionOwner {
  /** The connection has nothing to do and may be used again. */
  freed(connection: Connection): void;
  closed(connection: Connection): void;
}

/** One connection, with one exchange at a time. */
export class Connection {
  /** A moment of performance.now() */
  idleSince = performance.now();
  /** Another, until which the other side keeps it. */
  expiresAt = this.idleSince + KEEP_ALIVE_MS;
  private readonly reader = new ResponseReader();
  private exchange: Exchange | null = null;
  private readonly abort = (): void => this.destroy();

  constructor(
    private readonly socket: Socket,
    private readonly owner: ConnectionOwner,
  ) {
    socket.on('end', () => this.ended());
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => {
      this.fail(new ClosedError('closed'));
      owner.closed(this);
    });
  }

  /** False also while something of the last request is not sent: whoever has answered may not read it any more. */
  get isUsable(): boolean {
    return !this.socket.destroyed && this.exchange === null && this.socket.writableLength === 0;
  }

  /** @returns false where nothing may be sent any more; the connection is as it was. */
  send({ head, body }: HttpRequest, exchange: Exchange): boolean {
    if (!exchange.onConnection(this.abort)) return false;
    this.exchange = exchange;
    this.reader.begin(exchange);
    const { socket } = this;
    if (body === null) socket.write(head, 'latin1');
    else if (typeof body === 'string') socket.write(head + body, 'latin1');
    else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    }
    exchange.onSent();
    return true;
  }

  /** Its exchange hears nothing of it. */
  destroy(): void {
    this.exchange = null;
    this.reader.stop();
    this.socket.destroy();
  }

  /** @param chunk whose memory is valid until it returns */
  read(chunk: Buffer): void {
    // Nobody asked for anything.
    if (this.exchange === null) return this.destroy();
    try {
      this.reader.read(chunk);
    } catch (error) {
      return this.fail(error as Error);
    }
    if (this.reader.isComplete) this.complete();
  }

  private ended(): void {
    if (this.reader.end()) this.complete();
    else this.fail(new ClosedError('ended'));
  }

  private complete(): void {
    const exchange = this.exchange!;
    const { keepAliveMs } = this.reader;
    this.exchange = null;
    this.reader.stop();
    if (keepAliveMs > 0) {
      this.expiresAt = performance.now() + keepAliveMs;
      this.owner.freed(this);
    } else this.socket.destroy();
    exchange.onEnd();
  }

  /** Ends it, and its exchange with it. */
  fail(error: Error): void {
    const { exchange } = this;
    this.destroy();
    exchange?.onError(error);
  }
}
