import { beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '../common/errors/problem.js';
import { commonPasswords } from './common-passwords.js';
import { Passwords, refuseWeakPassword } from './passwords.js';

const AT_ONCE_AND_WAITING = 1 + 64;

describe('Passwords', () => {
  const passwords = new Passwords();
  let stored: string;
  beforeAll(async () => {
    stored = await passwords.hash('Demo@123');
  });

  it('stores argon2id with 19 MiB and two passes, salted', async () => {
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await passwords.hash('Demo@123')).not.toBe(stored);
  });

  it('accepts the password and nothing else', async () => {
    expect(await passwords.verify(stored, 'Demo@123')).toBe(true);
    expect(await passwords.verify(stored, 'demo@123')).toBe(false);
    expect(await passwords.verify(stored, 'Demo@123 ')).toBe(false);
  });

  it('takes a letter for the same however the keyboard composed it', async () => {
    expect(await passwords.verify(await passwords.hash('cafe\u0301-creme'), 'caf\u00e9-creme')).toBe(true);
  });

  it('refuses with 503 what comes when the queue is full, unknown e-mails included, and goes on after', async () => {
    const running = Array.from({ length: AT_ONCE_AND_WAITING }, () => passwords.verify(stored, 'Demo@123'));
    const problem = await passwords.verify(null, 'Demo@123').catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({ status: 503, options: { headers: { 'retry-after': '1' } } });
    expect(await Promise.all(running)).toEqual(running.map(() => true));
    expect(await passwords.verify(null, 'Demo@123')).toBe(false);
  });

  it('lets people sign in while more registrations come than can be hashed', async () => {
    const running = Array.from({ length: AT_ONCE_AND_WAITING }, () => passwords.hash('Demo@123'));
    await expect(passwords.hash('Demo@123')).rejects.toMatchObject({ status: 503 });
    expect(await passwords.verify(stored, 'Demo@123')).toBe(true);
    expect(new Set(await Promise.all(running)).size).toBe(AT_ONCE_AND_WAITING);
  });

  it('frees the place of work that failed', async () => {
    await Promise.allSettled(Array.from({ length: 10 }, () => passwords.verify('no hash', 'Demo@123')));
    expect(await passwords.verify(stored, 'Demo@123')).toBe(true);
  });
});

describe('weak passwords', () => {
  const refusal = (password: string, email = 'ann@example.com') => {
    try {
      refuseWeakPassword('newPassword', password, email);
      return null;
    } catch (error) {
      return error as Problem;
    }
  };

  it.each(['password', 'PassWord1', 'P@ssw0rd', '12345678', 'qwertyuiop', 'iloveyou'])(
    'refuses %s',
    (password) => {
      expect(refusal(password)).toMatchObject({
        status: 400,
        options: { errors: [{ field: 'newPassword' }] },
      });
    },
  );

  it('refuses the e-mail as password, in any case', () => {
    expect(refusal('Ann@Example.com')?.status).toBe(400);
  });

  it.each(['Demo@123', 'Demo@1234', 'a sentence nobody says'])('lets %s pass', (password) => {
    expect(refusal(password)).toBeNull();
  });

  it('never repeats the password in its answer', () => {
    expect(JSON.stringify(refusal('iloveyou'))).not.toContain('iloveyou');
  });

  it('lists only passwords that the length rule lets through, in lower case', () => {
    const odd = [...commonPasswords].filter((word) => word.length < 8 || word !== word.toLowerCase());
    expect(odd).toEqual([]);
    expect(commonPasswords.size).toBeGreaterThanOrEqual(200);
  });
});
