import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit.service.js';
import { notFound } from '../common/errors/problem.js';
import { Passwords, refuseWeakPassword } from '../users/passwords.js';
import { User } from '../users/user.entity.js';
import { type UserView, toUserView } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import type { UpdateProfileDto, UpdatedProfileView } from './auth.dto.js';
import type { Caller } from './current-user.js';
import { renameMembers } from './memberships.js';
import { PasswordCheck, wrongPassword } from './password-check.js';
import { SessionsService } from './sessions.service.js';

/** What users see and change of themselves. */
@Injectable()
export class ProfileService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersService,
    private readonly passwords: Passwords,
    private readonly passwordCheck: PasswordCheck,
    private readonly sessions: SessionsService,
    private readonly audit: Audit,
  ) {}

  async get(caller: Caller): Promise<UserView> {
    return toUserView(await this.users.getById(caller.id));
  }

  /** A new password ends every session there is; the answer holds the tokens of a new one. */
  async update(body: UpdateProfileDto, caller: Caller, address: string): Promise<UpdatedProfileView> {
    const seen = await this.users.getById(caller.id);
    await this.passwordCheck.check(seen, body.currentPassword, address);
    const passwordHash = await this.hashNew(body, seen);
    return this.dataSource.transaction(async (manager) => {
      const before = await lock(seen.id, manager);
      const changed = await this.users.updateProfile(seen, { email: body.email, passwordHash }, manager);
      if (!changed) throw wrongPassword();
      const renamed = await renameMembers(before, body.email, manager);
      if (passwordHash !== undefined) await this.sessions.endAll(seen.id, manager);
      const user = await manager.findOneByOrFail(User, { id: seen.id });
      const session = passwordHash === undefined ? null : await this.sessions.start(user, manager);
      const change = {
        target: { type: 'user', id: user.id },
        before: Object.assign(toUserView(before), { password: before.passwordHash }),
        after: Object.assign(toUserView(user), { password: user.passwordHash }),
      };
      await this.audit.record(manager, change, ...renamed);
      return session ?? { user: toUserView(user) };
    });
  }

  private async hashNew(body: UpdateProfileDto, user: User): Promise<string | undefined> {
    if (body.newPassword === undefined) return undefined;
    refuseWeakPassword('newPassword', body.newPassword, body.email ?? user.email);
    return this.passwords.hash(body.newPassword);
  }
}

/** As it is now: an Admin may have changed it since the password was checked, which is not to be told as done here. */
async function lock(id: string, manager: EntityManager): Promise<User> {
  const user = await manager.findOne(User, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!user) throw notFound('user');
  return user;
}
