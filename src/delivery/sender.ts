import { setMaxListeners } from 'node:events';
import type { AddressPolicy } from '../common/egress/address-policy.js';
import { failpoint } from '../common/fault-injection.js';
import { Attempt } from './attempt.js';
import { describeFailure } from './failure.js';
import { type ResolveAddresses, systemResolver } from './guarded-connector.js';
import { hasHeader } from './flat-headers.js';
import { type Origin, OriginPools, type Target } from './origin-pools.js';
import { type Failure, failure, type Outcome, unsentOutcome } from './outcome.js';

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
  body: Buffer | null;
  /** Covers DNS, connecting, sending, and the whole answer. */
  timeoutMs: number;
  signal?: AbortSignal;
}

const ACCEPT_IDENTITY = ['accept-encoding', 'identity'];

/** Makes HTTP requests to destinations. Whatever the other side does, `send` resolves with one outcome in time. */
export class Sender {
  private readonly userAgent: readonly string[];
  private readonly pools: OriginPools;
  private readonly maxResponseBytes: number;
  private readonly keepResponseBytes: number;
  private inFlight = 0;
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
    if (this.closing) return unsent(failure('aborted', 'the gateway is shutting down'));
    if (request.signal?.aborted) return unsent(failure('aborted', 'the gateway broke the attempt off'));
    let target: Target;
    try {
      // A GET carries the event in its URL, so it would never be found in the cache again.
      target = this.pools.getTarget(request.url, request.method !== 'GET');
    } catch (error) {
      return unsent(describeFailure(error as Error, 'the destination'));
    }
    // One signal for all attempts of a worker is no leak.
    if (request.signal) setMaxListeners(0, request.signal);
    return new Promise((resolve) => this.dispatch(request, target, resolve));
  }

  /** Refuses new requests, waits for those under way (each has its deadline), then ends every connection. */
  close(): Promise<void> {
    this.closing ??= this.drain().then(() => this.pools.destroy());
    return this.closing;
  }

  private dispatch(request: SendRequest, target: Target, resolve: (outcome: Outcome) => void): void {
    const { origin, path } = target;
    origin.inFlight++;
    this.inFlight++;
    const attempt = new Attempt({
      host: origin.host,
      timeoutMs: request.timeoutMs,
      maxResponseBytes: this.maxResponseBytes,
      keepResponseBytes: this.keepResponseBytes,
      signal: request.signal,
      onEnd: (outcome) => {
        this.release(origin, outcome);
        resolve(outcome);
      },
    });
    const { method, body } = request;
    const headers = request.headers.concat(ACCEPT_IDENTITY);
    if (!hasHeader(request.headers, 'user-agent')) headers.push(...this.userAgent);
    void failpoint('attempt.before_connect');
    // Without `reset`, undici would end the connection after each DELETE that has a body.
    origin.pool.dispatch({ path, method, headers, body, reset: false }, attempt);
  }

  private release(origin: Origin, outcome: Outcome): void {
    outcome.remoteAddress = origin.remoteAddress;
    origin.inFlight--;
    // undici's pool never uses a connection again whose request it refused to send.
    if (outcome.errorCode === 'invalid_request') this.pools.retire(origin);
    this.inFlight--;
    if (this.inFlight === 0) this.onIdle?.();
  }

  private async drain(): Promise<void> {
    if (this.inFlight > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
  }
}

function unsent(cause: Failure): Promise<Outcome> {
  return Promise.resolve(unsentOutcome(cause));
}
