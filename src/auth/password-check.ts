import { Injectable } from '@nestjs/common';
import { type Problem, invalid } from '../common/errors/problem.js';
import { Passwords } from '../users/passwords.js';
import type { User } from '../users/user.entity.js';
import { LoginLimiter } from './login-limiter.js';

/** Asks who is signed in for the password once more, before what outlives a stolen access token. */
@Injectable()
export class PasswordCheck {
  constructor(
    private readonly passwords: Passwords,
    private readonly limiter: LoginLimiter,
  ) {}

  /**
   * Guesses count like failed sign-ins: who holds a stolen access token shall not find the password with it.
   * @throws Problem 400, 429 rate_limited
   */
  async check(user: User, password: string, address: string): Promise<void> {
    this.limiter.check(user.email, address);
    const matches = await this.passwords.verify(user.passwordHash, password);
    this.limiter.check(user.email, address);
    if (matches) return this.limiter.succeeded(user.email, address);
    this.limiter.failed(user.email, address);
    throw wrongPassword();
  }
}

export const wrongPassword = (): Problem => invalid('currentPassword', 'is wrong');
