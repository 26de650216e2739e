import { parseAddress } from '../common/egress/ip-network.js';
import { Problem } from '../common/errors/problem.js';

const MAX_KEYS = 20_000;

interface Window {
  count: number;
  endsAtMs: number;
}

export interface CountedWindowsOptions {
  /** How many a key may have within a window. */
  limit: number;
  windowMs: number;
  nowMs: () => number;
  maxKeys?: number;
}

/** A window per key, opened by what is counted first, in this process. The oldest keys go when there are too many. */
export class CountedWindows {
  // Windows are of one length and in the order of their start, so the first one always ends first.
  private readonly windows = new Map<string, Window>();

  constructor(private readonly options: CountedWindowsOptions) {}

  /** 0 below the limit, else the time until the window ends. */
  waitMs(key: string): number {
    const window = this.find(key);
    return window && window.count >= this.options.limit ? window.endsAtMs - this.options.nowMs() : 0;
  }

  add(key: string): void {
    const window = this.find(key);
    if (window) {
      window.count++;
      return;
    }
    const { maxKeys = MAX_KEYS, nowMs, windowMs } = this.options;
    if (this.windows.size >= maxKeys) this.windows.delete(this.windows.keys().next().value!);
    this.windows.set(key, { count: 1, endsAtMs: nowMs() + windowMs });
  }

  clear(key: string): void {
    this.windows.delete(key);
  }

  private find(key: string): Window | undefined {
    const window = this.windows.get(key);
    if (!window || window.endsAtMs > this.options.nowMs()) return window;
    this.windows.delete(key);
    return undefined;
  }
}

/** An IPv6 subscriber has a whole /64 to send from, so that is what counts as one address. */
export function networkOf(address: string): string {
  const bytes = parseAddress(address);
  return bytes ? Buffer.from(bytes.subarray(0, 8)).toString('hex') : address;
}

/** @param what was too much, as the subject of a sentence */
export function tooMany(what: string, waitMs: number): Problem {
  const seconds = Math.ceil(waitMs / 1000);
  return new Problem('rate_limited', `${what}. Wait ${Math.ceil(seconds / 60)} minutes and try again.`, {
    headers: { 'retry-after': String(seconds) },
  });
}
