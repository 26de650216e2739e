import { CountedWindows, networkOf, tooMany } from './counted-windows.js';

const WINDOW_MS = 15 * 60_000;
const FAILURES_PER_EMAIL_AND_ADDRESS = 10;
/** From all addresses together: what bounds guessing. So loose that nobody keeps others out from an address or a few. */
const FAILURES_PER_EMAIL = 100;
const FAILURES_PER_ADDRESS = 50;

/**
 * Counts failed sign-ins of the last quarter of an hour, per e-mail, per address and per both, in this process.
 * Ask before the password is checked, to save the work, and again after it, so that guesses sent all at once
 * learn no more than guesses sent one by one.
 */
export class LoginLimiter {
  private readonly pairs: CountedWindows;
  private readonly emails: CountedWindows;
  private readonly addresses: CountedWindows;

  constructor(nowMs: () => number, maxKeys?: number) {
    const counting = { windowMs: WINDOW_MS, nowMs, maxKeys };
    this.pairs = new CountedWindows({ ...counting, limit: FAILURES_PER_EMAIL_AND_ADDRESS });
    this.emails = new CountedWindows({ ...counting, limit: FAILURES_PER_EMAIL });
    this.addresses = new CountedWindows({ ...counting, limit: FAILURES_PER_ADDRESS });
  }

  /** @throws Problem 429 */
  check(email: string, address: string): void {
    const waitMs = Math.max(
      this.pairs.waitMs(pairOf(email, address)),
      this.emails.waitMs(email),
      this.addresses.waitMs(networkOf(address)),
    );
    if (waitMs > 0) throw tooMany('Too many sign-ins failed', waitMs);
  }

  failed(email: string, address: string): void {
    this.pairs.add(pairOf(email, address));
    this.emails.add(email);
    this.addresses.add(networkOf(address));
  }

  /** What failed elsewhere stays counted: a user who signs in often gives nobody more guesses. */
  succeeded(email: string, address: string): void {
    this.pairs.clear(pairOf(email, address));
  }
}

const pairOf = (email: string, address: string): string => `${networkOf(address)} ${email}`;
