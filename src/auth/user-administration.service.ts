import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Audit, type AuditRecord } from '../audit/audit.service.js';
import { Problem, notFound } from '../common/errors/problem.js';
import { Passwords, refuseWeakPassword } from '../users/passwords.js';
import { User } from '../users/user.entity.js';
import { type CreateUserDto, type PatchUserDto, type UserView, toUserView } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import type { Caller } from './current-user.js';
import { endMemberships, redeemAll } from './memberships.js';
import { SessionsService } from './sessions.service.js';

const MAX_NAMED_ACCOUNTS = 10;

/**
 * What Admins do with users. Locks are taken in one order, so that none waits for another for ever: the rows of
 * all Admins, the user's row, the rows of its accounts.
 */
@Injectable()
export class UserAdministration {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersService,
    private readonly passwords: Passwords,
    private readonly sessions: SessionsService,
    private readonly audit: Audit,
  ) {}

  async get(id: string): Promise<UserView> {
    return toUserView(await this.users.getById(id));
  }

  /** The Admin answers for the e-mail, so the accounts that have invited it have their member at once. */
  async create(body: CreateUserDto, caller: Caller): Promise<UserView> {
    const { email, password, role } = body;
    refuseWeakPassword('password', password, email);
    const passwordHash = await this.passwords.hash(password);
    const user = await this.dataSource.transaction(async (manager) => {
      const created = await this.users.create({ email, passwordHash, role, createdBy: caller.id }, manager);
      const redeemed = await redeemAll(created, caller.id, manager);
      await this.audit.record(manager, tell(null, created), ...redeemed);
      return created;
    });
    return toUserView(user);
  }

  /**
   * Disabling acts at once and is never held up by the accounts of the user: whoever must be locked out is.
   * @throws Problem 404, 409 last_admin
   */
  async patch(id: string, body: PatchUserDto, caller: Caller): Promise<UserView> {
    const user = await this.dataSource.transaction(async (manager) => {
      if (body.role === 'User' || body.disabled) await keepAnAdmin(id, manager);
      const before = await lock(id, manager);
      if (!changes(before, body)) return before;
      await manager.update(
        User,
        { id },
        {
          role: body.role,
          disabledAt: body.disabled ? () => 'coalesce(disabled_at, now())' : disabledAtOf(body),
          updatedBy: caller.id,
          updatedAt: () => 'now()',
        },
      );
      if (body.disabled) await this.sessions.endAll(id, manager);
      const after = await manager.findOneByOrFail(User, { id });
      await this.audit.record(manager, tell(before, after));
      return after;
    });
    return toUserView(user);
  }

  /**
   * Memberships, sessions and API keys go with the user. Its id stays in `created_by` and `updated_by`, and what
   * it has invited stays invited.
   * @throws Problem 404, 409 last_admin
   */
  async remove(id: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await keepAnAdmin(id, manager);
      const user = await lock(id, manager);
      await keepAdminsOfAccounts(id, manager);
      const ended = await endMemberships(id, manager);
      await manager.delete(User, { id });
      await this.audit.record(manager, tell(user, null), ...ended);
    });
  }
}

const tell = (before: User | null, after: User | null): AuditRecord => ({
  target: { type: 'user', id: (after ?? before)!.id },
  before: before && toUserView(before),
  after: after && toUserView(after),
});

function changes(user: User, { role = user.role, disabled }: PatchUserDto): boolean {
  const isDisabled = user.disabledAt !== null;
  return role !== user.role || (disabled ?? isDisabled) !== isDisabled;
}

/** Undefined leaves it as it is. */
function disabledAtOf({ disabled }: PatchUserDto): null | undefined {
  return disabled === undefined ? undefined : null;
}

async function lock(id: string, manager: EntityManager): Promise<User> {
  const user = await manager.findOne(User, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!user) throw notFound('user');
  return user;
}

/** Whoever makes an Admin less holds the rows of all that can sign in, so that two cannot remove each other at once. */
async function keepAnAdmin(userId: string, manager: EntityManager): Promise<void> {
  const admins: { id: string }[] = await manager.query(
    `SELECT id FROM users WHERE role = 'Admin' AND disabled_at IS NULL ORDER BY id FOR NO KEY UPDATE`,
  );
  if (admins.every(({ id }) => id === userId))
    throw new Problem('last_admin', 'This is the last Admin. Make another user Admin first.');
}

/** The members of an account change under the lock of its row; see the service of the members. */
async function keepAdminsOfAccounts(userId: string, manager: EntityManager): Promise<void> {
  await manager.query(
    `SELECT a.id FROM accounts a JOIN members m ON m.account_id = a.id
     WHERE m.user_id = $1 ORDER BY a.id FOR NO KEY UPDATE OF a`,
    [userId],
  );
  const orphaned: { id: string }[] = await manager.query(
    `SELECT a.id FROM accounts a JOIN members m ON m.account_id = a.id
     WHERE m.user_id = $1 AND m.role_name = 'Admin' AND a.deleted_at IS NULL AND NOT EXISTS (
       SELECT FROM members o JOIN users u ON u.id = o.user_id AND u.disabled_at IS NULL
       WHERE o.account_id = a.id AND o.role_name = 'Admin' AND o.user_id <> $1)
     ORDER BY a.id LIMIT $2`,
    [userId, MAX_NAMED_ACCOUNTS],
  );
  if (orphaned.length === 0) return;
  const ids = orphaned.map(({ id }) => id).join(', ');
  throw new Problem(
    'last_admin',
    `This user is the last Admin of ${ids}. Make another member Admin there first, or disable the user.`,
  );
}
