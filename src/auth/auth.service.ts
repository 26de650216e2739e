import { Injectable } from '@nestjs/common';
import { Problem } from '../common/errors/problem.js';
import { Passwords } from '../users/passwords.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import type { LoginDto, SessionView } from './auth.dto.js';
import { LoginLimiter } from './login-limiter.js';
import { SessionsService } from './sessions.service.js';

/** What a stored e-mail can be; forms that no DTO has checked may hold anything. */
const STORABLE_EMAIL = /^[^\0]{1,254}$/;

@Injectable()
export class AuthService {
  constructor(
    private readonly users: UsersService,
    private readonly passwords: Passwords,
    private readonly limiter: LoginLimiter,
    private readonly sessions: SessionsService,
  ) {}

  async login(body: LoginDto, address: string): Promise<SessionView> {
    const user = await this.signIn(body.email, body.password, address);
    const session = await this.sessions.start(user);
    if (!session) throw invalidCredentials();
    return session;
  }

  /**
   * The user with this e-mail and password. Who is unknown, disabled or mistyped cannot be told apart.
   * @param email in lower case.
   * @param address where the request comes from; failures count against it too.
   * @throws Problem 401 invalid_credentials, 429 rate_limited
   */
  async signIn(email: string, password: string, address: string): Promise<User> {
    if (!STORABLE_EMAIL.test(email)) throw invalidCredentials();
    this.limiter.check(email, address);
    const user = await this.users.findByEmail(email);
    const matches = await this.passwords.verify(user?.passwordHash ?? null, password);
    this.limiter.check(email, address);
    if (!user || !matches || user.disabledAt) {
      this.limiter.failed(email, address);
      throw invalidCredentials();
    }
    this.limiter.succeeded(email, address);
    return user;
  }
}

function invalidCredentials(): Problem {
  return new Problem('invalid_credentials', 'E-mail or password is wrong.', {
    headers: { 'www-authenticate': 'Bearer' },
  });
}
