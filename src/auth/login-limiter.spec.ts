import { beforeEach, describe, expect, it } from 'vitest';
import { LoginLimiter } from './login-limiter.js';

const QUARTER_HOUR_MS = 15 * 60_000;

describe('LoginLimiter', () => {
  let nowMs: number;
  let limiter: LoginLimiter;
  beforeEach(() => {
    nowMs = 1_000_000;
    limiter = new LoginLimiter(() => nowMs);
  });

  const fail = (times: number, email: string, address: string) => {
    for (let i = 0; i < times; i++) limiter.failed(email, address);
  };
  /** Seconds to wait, 0 when let through. */
  const wait = (email: string, address: string): number => {
    try {
      limiter.check(email, address);
      return 0;
    } catch (error) {
      expect(error).toMatchObject({ status: 429, code: 'rate_limited' });
      return Number(
        (error as { options: { headers: Record<string, string> } }).options.headers['retry-after'],
      );
    }
  };

  it('lets ten failures of an e-mail pass at an address and then makes it wait there for the rest of the window', () => {
    fail(9, 'ann@x.io', '192.0.2.1');
    expect(wait('ann@x.io', '192.0.2.1')).toBe(0);
    nowMs += 60_000;
    fail(1, 'ann@x.io', '192.0.2.1');
    expect(wait('ann@x.io', '192.0.2.1')).toBe(840);
    expect(wait('ann@x.io', '192.0.2.2')).toBe(0);
    expect(wait('bob@x.io', '192.0.2.1')).toBe(0);
  });

  it('lets a hundred failures of an e-mail pass from all addresses, whoever signs in meanwhile', () => {
    for (let i = 0; i < 10; i++) {
      expect(wait('ann@x.io', '192.0.2.99')).toBe(0);
      fail(10, 'ann@x.io', `192.0.2.${i}`);
      limiter.succeeded('ann@x.io', '192.0.2.99');
    }
    expect(wait('ann@x.io', '192.0.2.99')).toBe(900);
    limiter.succeeded('ann@x.io', '192.0.2.99');
    expect(wait('ann@x.io', '192.0.2.99')).toBe(900);
    expect(wait('bob@x.io', '192.0.2.99')).toBe(0);
    nowMs += QUARTER_HOUR_MS;
    expect(wait('ann@x.io', '192.0.2.0')).toBe(0);
  });

  it('never says to wait less than a second', () => {
    fail(10, 'ann@x.io', '192.0.2.1');
    nowMs += QUARTER_HOUR_MS - 1;
    expect(wait('ann@x.io', '192.0.2.1')).toBe(1);
  });

  it('starts over when the window has ended', () => {
    fail(10, 'ann@x.io', '192.0.2.1');
    nowMs += QUARTER_HOUR_MS;
    expect(wait('ann@x.io', '192.0.2.1')).toBe(0);
    fail(9, 'ann@x.io', '192.0.2.1');
    expect(wait('ann@x.io', '192.0.2.1')).toBe(0);
  });

  it('forgets the failures of an e-mail that signed in there, not those of the address', () => {
    fail(10, 'ann@x.io', '192.0.2.1');
    limiter.succeeded('ann@x.io', '192.0.2.2');
    expect(wait('ann@x.io', '192.0.2.1')).toBe(900);
    limiter.succeeded('ann@x.io', '192.0.2.1');
    expect(wait('ann@x.io', '192.0.2.1')).toBe(0);
    for (let i = 0; i < 40; i++) limiter.failed(`user${i}@x.io`, '192.0.2.1');
    expect(wait('ann@x.io', '192.0.2.1')).toBe(900);
  });

  it('lets fifty failures of an address pass', () => {
    for (let i = 0; i < 49; i++) limiter.failed(`user${i}@x.io`, '192.0.2.1');
    expect(wait('new@x.io', '192.0.2.1')).toBe(0);
    limiter.failed('user49@x.io', '192.0.2.1');
    expect(wait('new@x.io', '192.0.2.1')).toBe(900);
    expect(wait('new@x.io', '192.0.2.2')).toBe(0);
  });

  it('counts the addresses of one IPv6 /64 as one, and IPv4 in IPv6 clothing as IPv4', () => {
    for (let i = 0; i < 50; i++) limiter.failed(`user${i}@x.io`, `2001:db8:1:2::${i.toString(16)}`);
    expect(wait('new@x.io', '2001:db8:1:2:ffff::1')).toBe(900);
    expect(wait('new@x.io', '2001:db8:1:3::1')).toBe(0);
    for (let i = 0; i < 50; i++) limiter.failed(`more${i}@x.io`, '::ffff:192.0.2.7');
    expect(wait('new@x.io', '192.0.2.7')).toBe(900);
    expect(wait('new@x.io', '::ffff:192.0.2.8')).toBe(0);
  });

  it('forgets the oldest keys when there are too many', () => {
    limiter = new LoginLimiter(() => nowMs, 3);
    fail(10, 'ann@x.io', '192.0.2.1');
    fail(10, 'bob@x.io', '192.0.2.2');
    fail(1, 'cat@x.io', '192.0.2.3');
    expect(wait('ann@x.io', '192.0.2.1')).toBe(900);
    fail(1, 'dan@x.io', '192.0.2.4');
    expect(wait('ann@x.io', '192.0.2.1')).toBe(0);
    expect(wait('bob@x.io', '192.0.2.2')).toBe(900);
  });
});
