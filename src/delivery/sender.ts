import type { AddressPolicy } from '../common/egress/address-policy.js';
import { failpoint } from '../common/fault-injection.js';
import { LinkedList } from '../common/linked-list.js';
import { Attempt } from './attempt.js';
import { describeFailure } from './failure.js';
import { type ResolveAddresses, systemResolver } from './guarded-connector.js';
import { hasHeader } from './flat-headers.js';
import type { HttpRequest } from './http1/exchange.js';
import { requestHead } from './http1/request-head.js';
import { type Origin, OriginPools, type Target } from './origin-pools.js';
import { type Failure, failure, type Outcome, unsentOutcome } from './outcome.js';
import type { Payload } from './payload.js';

export interface SenderOptions {
  policy: Pick<AddressPolicy, 'check'>;
  /** Sent unless the request has a User-Agent of its own. */
  userAgent: string;
  /** Attempts to one origin beyond this wait for a connection, on their own deadline. */
  connectionsPerOrigin: number;
  /** The connection is destroyed after this many bytes of response body; 64 KiB unless given. */
  maxResponseBytes?: number;
  keepResponseBytes?: number;
  maxOrigins?: number;
  connectTimeoutMs?: number;
  resolve?: ResolveAddresses;
  ca?: string;
}

export interface SendRequest {
  url: string;
  method: string;
  /** Name, value, name, value. The sender adds accept-encoding, and user-agent where it is missing. */
  headers: readonly string[];
  body: Payload | null;
  /** Covers DNS, connecting, sending, and the whole answer. */
  timeoutMs: number;
  /** A moment of performance.now() after which nothing is sent; none unless given. */
  sendBefore?: number;
}

const ACCEPT_IDENTITY = ['accept-encoding', 'identity'];

/** Makes HTTP requests to destinations. Whatever the other side does, `send` resolves with one outcome in time. */
export class Sender {
  private readonly userAgent: readonly string[];
  private readonly pools: OriginPools;
  private readonly maxResponseBytes: number;
  private readonly keepResponseBytes: number;
  private readonly underWay = new LinkedList<Attempt>();
  private aborted = false;
  private onIdle: (() => void) | null = null;
  private closing: Promise<void> | null = null;

  constructor(options: SenderOptions) {
    this.userAgent = ['user-agent', options.userAgent];
    this.maxResponseBytes = options.maxResponseBytes ?? 64 * 1024;
    this.keepResponseBytes = options.keepResponseBytes ?? 4 * 1024;
    this.pools = new OriginPools({
      policy: options.policy,
      connectionsPerOrigin: options.connectionsPerOrigin,
      maxOrigins: options.maxOrigins ?? 1000,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      resolve: options.resolve ?? systemResolver(),
      ca: options.ca,
    });
  }

  /** Never rejects. */
  send(request: SendRequest): Promise<Outcome> {
    if (this.aborted) return unsent(failure('aborted', 'the gateway broke the attempt off'));
    if (this.closing) return unsent(failure('aborted', 'the gateway is shutting down'));
    let target: Target;
    let message: HttpRequest;
    try {
      // A GET carries the event in its URL, so it would never be found in the cache again.
      target = this.pools.getTarget(request.url, request.method !== 'GET');
      message = this.messageOf(request, target);
    } catch (error) {
      return unsent(describeFailure(error as Error, 'the destination'));
    }
    return new Promise((resolve) => this.dispatch(request, message, target.origin, resolve));
  }

  /** Breaks off everything under way, each with its outcome, and whatever is asked for from now on. */
  abort(): void {
    this.aborted = true;
    for (const attempt of this.underWay) attempt.abort();
  }

  /** Refuses new requests, waits for those under way (each has its deadline), then ends every connection. */
  close(): Promise<void> {
    this.closing ??= this.drain().then(() => this.pools.destroy());
    return this.closing;
  }

  private messageOf({ method, headers, body }: SendRequest, { origin, path }: Target): HttpRequest {
    const all = headers.concat(ACCEPT_IDENTITY);
    if (!hasHeader(headers, 'user-agent')) all.push(...this.userAgent);
    return { head: requestHead(method, path, origin.host, all, body?.length ?? null), body };
  }

  private dispatch(
    request: SendRequest,
    message: HttpRequest,
    origin: Origin,
    resolve: (outcome: Outcome) => void,
  ): void {
    origin.inFlight++;
    const attempt = new Attempt({
      host: origin.host,
      timeoutMs: request.timeoutMs,
      sendBefore: request.sendBefore ?? Infinity,
      maxResponseBytes: this.maxResponseBytes,
      keepResponseBytes: this.keepResponseBytes,
      onEnd: (outcome) => {
        this.underWay.remove(attempt);
        this.release(origin, outcome);
        resolve(outcome);
      },
    });
    this.underWay.add(attempt);
    void failpoint('attempt.before_connect');
    origin.connections.dispatch(message, attempt);
  }

  private release(origin: Origin, outcome: Outcome): void {
    outcome.remoteAddress = origin.remoteAddress;
    origin.inFlight--;
    if (this.underWay.size === 0) this.onIdle?.();
  }

  private async drain(): Promise<void> {
    if (this.underWay.size > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
  }
}

function unsent(cause: Failure): Promise<Outcome> {
  return Promise.resolve(unsentOutcome(cause));
}
