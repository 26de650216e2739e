import type { Socket } from 'node:net';
import { Connection, type ConnectionOwner } from './connection.js';
import type { Exchange, HttpRequest } from './exchange.js';

export type Connect = (callback: (error: Error | null, socket: Socket | null) => void) => void;

interface Waiting {
  request: HttpRequest;
  exchange: Exchange;
}

/** An idle connection is watched, so within so short a time it is known what happened to it. */
const FRESH_MS = 20;

/**
 * The connections to one origin, one exchange at a time on each. The one that was used last is used next, so that
 * those a burst has left behind end by themselves.
 */
export class Connections implements ConnectionOwner {
  private readonly all = new Set<Connection>();
  private readonly idle: Connection[] = [];
  /** Freed a moment ago. */
  private resting: Connection[] = [];
  private readonly waiting: Waiting[] = [];
  private opening = 0;
  private expiry: NodeJS.Timeout | null = null;
  private isDestroyed = false;

  constructor(
    private readonly connect: Connect,
    private readonly limit: number,
  ) {}

  /** Sends the request, now or when there is a connection for it. */
  dispatch(request: HttpRequest, exchange: Exchange): void {
    let connection = this.idle.pop();
    while (connection && !connection.isUsable) connection = this.idle.pop();
    if (connection && performance.now() - connection.idleSince < FRESH_MS) {
      if (!connection.send(request, exchange)) this.rest(connection);
      return;
    }
    this.waiting.push({ request, exchange });
    // Whoever stood still has not heard yet what happened to it meanwhile.
    if (connection) this.rest(connection);
    else this.openMissing();
  }

  /** Ends every connection, also those in use. */
  destroy(): void {
    this.isDestroyed = true;
    if (this.expiry) clearTimeout(this.expiry);
    for (const connection of this.all) connection.destroy();
  }

  freed(connection: Connection): void {
    if (this.isDestroyed) connection.destroy();
    else this.rest(connection);
  }

  closed(connection: Connection): void {
    this.all.delete(connection);
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    this.openMissing();
  }

  /** Until whatever has come is read: some say that they keep a connection and end it all the same. */
  private rest(connection: Connection): void {
    this.resting.push(connection);
    // The first is still of this turn of the event loop.
    if (this.resting.length === 1) setImmediate(() => setImmediate(() => this.wake()));
  }

  private wake(): void {
    const rested = this.resting;
    this.resting = [];
    const now = performance.now();
    for (const connection of rested) if (connection.isUsable) this.use(connection, now);
    this.openMissing();
  }

  /** For whoever waits longest. */
  private use(connection: Connection, now: number): void {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift())
      if (connection.send(next.request, next.exchange)) return;
    connection.idleSince = now;
    this.idle.push(connection);
    this.expiry ??= this.expireAt(connection.expiresAt);
  }

  private openMissing(): void {
    // Their deadline has passed.
    while (this.waiting[0]?.exchange.isOver) this.waiting.shift();
    const coming = (): number => this.opening + this.resting.length;
    while (coming() < this.waiting.length && this.all.size + this.opening < this.limit) this.open();
  }

  private open(): void {
    this.opening++;
    const done = (error: Error | null, socket: Socket | null): void => {
      this.opening--;
      if (socket) this.opened(socket);
      else this.failWaiting(error!);
      this.openMissing();
    };
    try {
      this.connect(done);
    } catch (error) {
      process.nextTick(done, error, null);
    }
  }

  private opened(socket: Socket): void {
    const connection = new Connection(socket, this);
    this.all.add(connection);
    if (this.isDestroyed) connection.destroy();
    else this.use(connection, performance.now());
  }

  private failWaiting(error: Error): void {
    let next = this.waiting.shift();
    while (next?.exchange.isOver) next = this.waiting.shift();
    next?.exchange.onError(error);
  }

  private expireAt(moment: number): NodeJS.Timeout {
    return setTimeout(() => this.expire(), moment - performance.now()).unref();
  }

  private expire(): void {
    this.expiry = null;
    const now = performance.now();
    // Each leaves the list by itself, a moment later.
    for (const connection of this.idle) if (connection.expiresAt <= now) connection.destroy();
    const next = Math.min(...this.idle.filter(({ isUsable }) => isUsable).map(({ expiresAt }) => expiresAt));
    if (next < Infinity) this.expiry = this.expireAt(next);
  }
}
