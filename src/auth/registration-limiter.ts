import { CountedWindows, networkOf, tooMany } from './counted-windows.js';

const HOUR_MS = 3_600_000;

/** Counts registrations of the last hour per address, in this process: each costs the hash of a password. */
export class RegistrationLimiter {
  private readonly addresses: CountedWindows;

  constructor(limit: number, nowMs: () => number) {
    this.addresses = new CountedWindows({ limit, windowMs: HOUR_MS, nowMs });
  }

  /** Counts one more, whatever comes of it. @throws Problem 429 */
  take(address: string): void {
    const network = networkOf(address);
    const waitMs = this.addresses.waitMs(network);
    if (waitMs > 0) throw tooMany('Too many users were registered from your address', waitMs);
    this.addresses.add(network);
  }
}
