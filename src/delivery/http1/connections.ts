import type { Socket } from 'node:net';
import { Connection, type ConnectionOwner } from './connection.js';
import { ClosedError, type Exchange, type HttpRequest } from './exchange.js';
import type { Connect } from './socket-connector.js';

interface Waiting {
  request: HttpRequest;
  exchange: Exchange;
}

/** An idle connection is watched, so within so short a time it is known what happened to it. */
const FRESH_MS = 20;
/** A connection that takes longer to make may never be there: whoever comes then tries another one. */
const SOON_MS = 1000;
const PURGE_FROM = 64;

/**
 * The connections to one origin, one exchange at a time on each. The one that was used last is used next, so that
 * those a burst has left behind end by themselves.
 */
export class Connections implements ConnectionOwner {
  private readonly all = new Set<Connection>();
  private readonly idle: Connection[] = [];
  /** Freed in this turn of the event loop. */
  private freedNow: Connection[] = [];
  /** Freed a moment ago, in this turn or the last. */
  private resting = 0;
  private opening = 0;
  private openingLong = 0;
  private waiting: Waiting[] = [];
  private purgeAt = PURGE_FROM;
  private expiry: NodeJS.Timeout | null = null;
  private expiryAt = Infinity;
  private isDestroyed = false;

  constructor(
    private readonly connect: Connect,
    private readonly limit: number,
  ) {}

  /** Sends the request, now or when there is a connection for it. */
  dispatch(request: HttpRequest, exchange: Exchange): void {
    const now = performance.now();
    const connection = this.takeIdle(now);
    if (connection && now - connection.idleSince < FRESH_MS) {
      if (!connection.send(request, exchange)) this.rest(connection);
      return;
    }
    this.waiting.push({ request, exchange });
    // Whoever stood still has not heard yet what happened to it meanwhile.
    if (connection) return this.rest(connection);
    this.openMissing();
  }

  /** Ends every connection and every exchange. */
  destroy(): void {
    this.isDestroyed = true;
    if (this.expiry) clearTimeout(this.expiry);
    const error = new ClosedError('the connections were ended');
    for (const { exchange } of this.waiting.splice(0)) exchange.onError(error);
    for (const connection of this.all) connection.fail(error);
  }

  freed(connection: Connection): void {
    this.rest(connection);
  }

  closed(connection: Connection): void {
    this.all.delete(connection);
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    this.openMissing();
  }

  private takeIdle(now: number): Connection | null {
    for (let connection = this.idle.pop(); connection; connection = this.idle.pop()) {
      if (connection.isUsable && connection.expiresAt > now) return connection;
      connection.destroy();
    }
    return null;
  }

  /**
   * Until everything that has come is read, which the next turn of the event loop does: some say that they keep a
   * connection and end it all the same.
   */
  private rest(connection: Connection): void {
    this.resting++;
    this.freedNow.push(connection);
    if (this.freedNow.length > 1) return;
    setImmediate(() => {
      const rested = this.freedNow;
      this.freedNow = [];
      setImmediate(() => this.wake(rested));
    });
  }

  private wake(rested: Connection[]): void {
    this.resting -= rested.length;
    const now = performance.now();
    for (const connection of rested)
      if (connection.isUsable && connection.expiresAt > now && !this.isDestroyed) this.use(connection, now);
      else connection.destroy();
    this.openMissing();
  }

  /** For whoever waits longest. */
  private use(connection: Connection, now: number): void {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift())
      if (connection.send(next.request, next.exchange)) return;
    connection.idleSince = now;
    this.idle.push(connection);
    this.expireAt(connection.expiresAt);
  }

  private openMissing(): void {
    if (this.isDestroyed) return;
    this.purge();
    const coming = () => this.opening + this.openingLong + this.resting;
    while (coming() < this.waiting.length && this.mayOpen()) this.open();
    const isStuck = this.openingLong > 0 && this.opening === 0 && this.waiting.length > this.resting;
    if (isStuck && this.mayOpen()) this.open();
  }

  private mayOpen(): boolean {
    return this.all.size + this.opening + this.openingLong < this.limit;
  }

  /** Those whose deadline has passed wait for nothing. */
  private purge(): void {
    while (this.waiting[0]?.exchange.isOver) this.waiting.shift();
    if (this.waiting.length < this.purgeAt) return;
    this.waiting = this.waiting.filter(({ exchange }) => !exchange.isOver);
    this.purgeAt = Math.max(PURGE_FROM, 2 * this.waiting.length);
  }

  private open(): void {
    this.opening++;
    let isLong = false;
    let connection: Connection | null = null;
    const timer = setTimeout(() => {
      isLong = true;
      this.opening--;
      this.openingLong++;
    }, SOON_MS).unref();
    const done = (error: Error | null, socket: Socket | null): void => {
      clearTimeout(timer);
      if (isLong) this.openingLong--;
      else this.opening--;
      if (socket) this.opened((connection = new Connection(socket, this)));
      else this.failWaiting(error!);
      this.openMissing();
    };
    try {
      this.connect((bytes) => connection?.read(bytes), done);
    } catch (error) {
      process.nextTick(done, error, null);
    }
  }

  private opened(connection: Connection): void {
    this.all.add(connection);
    if (this.isDestroyed) connection.destroy();
    else this.use(connection, performance.now());
  }

  private failWaiting(error: Error): void {
    let next = this.waiting.shift();
    while (next?.exchange.isOver) next = this.waiting.shift();
    next?.exchange.onError(error);
  }

  /** Looks at what is idle then, if not before. */
  private expireAt(moment: number): void {
    if (moment >= this.expiryAt) return;
    if (this.expiry) clearTimeout(this.expiry);
    this.expiryAt = moment;
    this.expiry = setTimeout(() => this.expire(), moment - performance.now()).unref();
  }

  private expire(): void {
    this.expiryAt = Infinity;
    const now = performance.now();
    // Each leaves the list by itself, a moment later.
    for (const connection of this.idle)
      if (connection.expiresAt <= now) connection.destroy();
      else this.expireAt(connection.expiresAt);
  }
}
