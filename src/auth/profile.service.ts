import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit.service.js';
import { Problem, notFound } from '../common/errors/problem.js';
import { violatesUnique } from '../database/pg-errors.js';
import { Passwords, refuseWeakPassword } from '../users/passwords.js';
import { User } from '../users/user.entity.js';
import { type UserView, toUserView } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import type { UpdateProfileDto, UpdatedProfileView } from './auth.dto.js';
import type { Caller } from './current-user.js';
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
      if (body.email !== undefined) await renameMembers(seen.id, body.email, manager);
      if (passwordHash !== undefined) await this.sessions.endAll(seen.id, manager);
      const user = await manager.findOneByOrFail(User, { id: seen.id });
      const session = passwordHash === undefined ? null : await this.sessions.start(user, manager);
      await this.audit.record(manager, {
        target: { type: 'user', id: user.id },
        before: Object.assign(toUserView(before), { password: before.passwordHash }),
        after: Object.assign(toUserView(user), { password: user.passwordHash }),
      });
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

async function renameMembers(userId: string, email: string, manager: EntityManager): Promise<void> {
  await manager
    .query(
      `UPDATE members SET email = $2, updated_by = $1, updated_at = now() WHERE user_id = $1 AND email <> $2`,
      [userId, email],
    )
    .catch(rethrowInvited);
}

function rethrowInvited(error: unknown): never {
  if (violatesUnique(error, 'members_account_id_email_key'))
    throw new Problem(
      'conflict',
      'An account you are a member of has invited this e-mail; withdraw that first.',
      {
        errors: [{ field: 'email', message: 'is invited to an account you are a member of' }],
      },
    );
  throw error;
}
