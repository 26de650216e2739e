import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Audit } from '../audit/audit.service.js';
import { type Problem, forbidden } from '../common/errors/problem.js';
import { AppConfig } from '../config/app-config.js';
import { Passwords, refuseWeakPassword } from '../users/passwords.js';
import { type UserView, toUserView } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import type { RegisterDto } from './auth.dto.js';
import { redeem } from './memberships.js';
import { RegistrationLimiter } from './registration-limiter.js';

@Injectable()
export class RegistrationService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly users: UsersService,
    private readonly passwords: Passwords,
    private readonly audit: Audit,
    private readonly limiter: RegistrationLimiter,
  ) {}

  /**
   * Makes a user and redeems its invitation. Whatever REGISTRATION says, the first user ever is let in.
   * @param address where the request comes from; what gets as far as the hash of its password counts against it.
   * @throws Problem 400, 403, 409 email_taken, 429
   */
  async register(body: RegisterDto, address: string): Promise<UserView> {
    const refusal = this.findRefusal(body);
    if (refusal && (await this.users.exist())) throw refusal;
    refuseWeakPassword('password', body.password, body.email);
    this.limiter.take(address);
    const passwordHash = await this.passwords.hash(body.password);
    const user = await this.dataSource.transaction(async (manager) => {
      const created = await this.users.create({ email: body.email, passwordHash }, manager);
      if (refusal && !created.firstAdmin) throw refusal;
      const { invite_token: token } = body;
      const redeemed = token === undefined ? [] : await redeem(token, created, manager);
      const registration = {
        target: { type: 'user', id: created.id },
        actor: created,
        after: Object.assign(toUserView(created), { invite_token: token }),
      };
      await this.audit.record(manager, registration, ...redeemed);
      return created;
    });
    return toUserView(user);
  }

  private findRefusal(body: RegisterDto): Problem | null {
    const { REGISTRATION } = this.config.env;
    if (REGISTRATION === 'closed') return forbidden('Registration is closed. Ask an Admin to add you.');
    if (REGISTRATION === 'invite' && body.invite_token === undefined)
      return forbidden('Registration needs an invitation: send its invite_token.');
    return null;
  }
}
