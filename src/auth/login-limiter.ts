import { Problem } from '../common/errors/problem.js';
import { parseAddress } from '../common/egress/ip-network.js';

const WINDOW_MS = 15 * 60_000;
const FAILURES_PER_EMAIL = 10;
const FAILURES_PER_ADDRESS = 50;
const MAX_KEYS = 20_000;

/**
 * Counts failed sign-ins of the last quarter of an hour, per e-mail and per address, in this process.
 * Ask before the password is checked, to save the work, and again after it, so that guesses sent all at once
 * learn no more than guesses sent one by one.
 */
export class LoginLimiter {
  private readonly emails: FailureCounts;
  private readonly addresses: FailureCounts;

  constructor(nowMs: () => number, maxKeys = MAX_KEYS) {
    this.emails = new FailureCounts(FAILURES_PER_EMAIL, maxKeys, nowMs);
    this.addresses = new FailureCounts(FAILURES_PER_ADDRESS, maxKeys, nowMs);
  }

  /** @throws Problem 429 */
  check(email: string, address: string): void {
    const waitMs = Math.max(this.emails.waitMs(email), this.addresses.waitMs(networkOf(address)));
    if (waitMs === 0) return;
    const seconds = Math.ceil(waitMs / 1000);
    throw new Problem(
      'rate_limited',
      `Too many sign-ins failed. Wait ${Math.ceil(seconds / 60)} minutes and try again.`,
      { headers: { 'retry-after': String(seconds) } },
    );
  }

  failed(email: string, address: string): void {
    this.emails.add(email);
    this.addresses.add(networkOf(address));
  }

  succeeded(email: string): void {
    this.emails.clear(email);
  }
}

interface Window {
  failures: number;
  endsAtMs: number;
}

/** A window per key, opened by its first failure. The oldest keys go first when there are too many. */
class FailureCounts {
  // Windows are of one length and in the order of their start, so the first one always ends first.
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly limit: number,
    private readonly maxKeys: number,
    private readonly nowMs: () => number,
  ) {}

  /** 0 below the limit, else the time until the window ends. */
  waitMs(key: string): number {
    const window = this.find(key);
    return window && window.failures >= this.limit ? window.endsAtMs - this.nowMs() : 0;
  }

  add(key: string): void {
    const window = this.find(key);
    if (window) {
      window.failures++;
      return;
    }
    if (this.windows.size >= this.maxKeys) this.windows.delete(this.windows.keys().next().value!);
    this.windows.set(key, { failures: 1, endsAtMs: this.nowMs() + WINDOW_MS });
  }

  clear(key: string): void {
    this.windows.delete(key);
  }

  private find(key: string): Window | undefined {
    const window = this.windows.get(key);
    if (!window || window.endsAtMs > this.nowMs()) return window;
    this.windows.delete(key);
    return undefined;
  }
}

/** An IPv6 subscriber has a whole /64 to send from, so that is what counts as one address. */
function networkOf(address: string): string {
  const bytes = parseAddress(address);
  return bytes ? Buffer.from(bytes.subarray(0, 8)).toString('hex') : address;
}
