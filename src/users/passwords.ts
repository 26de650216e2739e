import { Injectable } from '@nestjs/common';
import { type Options, hash, verify } from '@node-rs/argon2';
import { invalid, unavailable } from '../common/errors/problem.js';
import { Turns } from '../common/turns.js';
import { commonPasswords } from './common-passwords.js';

// OWASP's floor for argon2id (the library's own algorithm): 19 MiB, two passes, one lane; about 20 ms of a core.
const COST: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The hash of a password nobody knows: checking an unknown e-mail must cost what a known one costs. */
const NOBODYS_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$g9nNCR6dapTnKTbXKFkx3A$VjSrT/PelgzUSmwIwusoC+PvRbKH8fyP9HTm56AONXg';

/** Of each kind; new passwords have turns of their own, so that a flood of registrations keeps nobody from signing in. */
const MAX_AT_ONCE = 1;
const MAX_WAITING = 64;

/** Hashes and checks passwords, a few at a time, so that a flood of sign-ins leaves memory and cores to the rest. */
@Injectable()
export class Passwords {
  private readonly hashing = newTurns('setting passwords');
  private readonly checking = newTurns('signing in');

  /** @throws Problem 503 when too many are waiting already. */
  hash(password: string): Promise<string> {
    return this.hashing.take(() => hash(canonical(password), COST));
  }

  /**
   * @param passwordHash null where there is no such user: the same work is done, and the answer is false.
   * @throws Problem 503 when too many are waiting already.
   */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    const matches = await this.checking.take(() => verify(passwordHash ?? NOBODYS_HASH, canonical(password)));
    return matches && passwordHash !== null;
  }
}

function newTurns(doing: string): Turns {
  return new Turns({ atOnce: MAX_AT_ONCE, waiting: MAX_WAITING }, () =>
    unavailable(`Too many people are ${doing} at this moment. Try again in a second.`, 1),
  );
}

/** Refuses passwords that are guessed first. @param field how the request calls the password. */
export function refuseWeakPassword(field: string, password: string, email: string): void {
  const lowerCased = canonical(password).toLowerCase();
  if (commonPasswords.has(lowerCased))
    throw invalid(field, 'is one of the most common passwords; choose another');
  if (lowerCased === email.toLowerCase()) throw invalid(field, 'must not be the e-mail address');
}

/** Keyboards write one and the same letter in more than one way; a password must not depend on which. */
function canonical(password: string): string {
  return password.normalize('NFKC');
}
