import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { uuidv7 } from '../common/uuid.js';
import { Problem, notFound, unavailable } from '../common/errors/problem.js';
import { likePattern } from '../common/http/like-pattern.js';
import { type Page, readCursor, toPage } from '../common/http/page.js';
import { violatesUnique } from '../database/pg-errors.js';
import { type Role, User } from './user.entity.js';
import { type ListUsersQuery, type UserView, toUserView } from './users.dto.js';

/** Held by whoever may be about to make the first user; any number that nothing else locks will do. */
const FIRST_USER_LOCK = 7_310_001;

export interface NewUser {
  email: string;
  passwordHash: string;
  /** User if absent. The first user ever is Admin whatever this says. */
  role?: Role;
  /** Who made it; itself if absent, null for the command line. */
  createdBy?: string | null;
}

export interface ProfileChange {
  email?: string;
  passwordHash?: string;
}

@Injectable()
export class UsersService {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  findByEmail(email: string): Promise<User | null> {
    return this.users.findOneBy({ email });
  }

  /** @throws Problem 404 */
  async getById(id: string): Promise<User> {
    const user = await this.users.findOneBy({ id });
    if (!user) throw notFound('user');
    return user;
  }

  /** False only before the first registration: the last Admin is never deleted. */
  exist(): Promise<boolean> {
    return this.users.exists();
  }

  async list(query: ListUsersQuery): Promise<Page<UserView>> {
    const select = this.users
      .createQueryBuilder('u')
      .orderBy('u.id', 'DESC')
      .limit(query.limit + 1);
    const cursor = readCursor(query);
    if (cursor) select.andWhere('u.id < :cursor', { cursor });
    if (query.role) select.andWhere('u.role = :role', { role: query.role });
    if (query.disabled !== undefined)
      select.andWhere(`u.disabled_at IS ${query.disabled ? 'NOT NULL' : 'NULL'}`);
    if (query.q) select.andWhere('u.email ILIKE :q', { q: likePattern(query.q) });
    return toPage(await select.getMany(), query, toUserView);
  }

  /**
   * Adds a user within the caller's transaction; the first one ever becomes Admin and carries `firstAdmin`.
   * @throws Problem 409 email_taken
   */
  async create(user: NewUser, manager: EntityManager): Promise<User> {
    const id = uuidv7();
    const firstAdmin = await this.isFirst(manager);
    const createdBy = user.createdBy === undefined ? id : user.createdBy;
    await manager
      .insert(User, {
        id,
        email: user.email,
        passwordHash: user.passwordHash,
        role: firstAdmin ? 'Admin' : (user.role ?? 'User'),
        firstAdmin,
        createdBy,
        updatedBy: createdBy,
      })
      .catch(rethrowTaken);
    return manager.findOneByOrFail(User, { id });
  }

  /**
   * Changes e-mail or password of the user as it was read; false when its password has changed since.
   * @throws Problem 409 email_taken
   */
  async updateProfile(seen: User, change: ProfileChange, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager
      .update(
        User,
        { id: seen.id, passwordHash: seen.passwordHash },
        { ...change, updatedBy: seen.id, updatedAt: () => 'now()' },
      )
      .catch(rethrowTaken);
    return affected === 1;
  }

  /**
   * Makes an existing user Admin, and one that is disabled able to sign in again.
   * @returns the user before and after; null when there is none.
   */
  async makeAdmin(email: string, manager: EntityManager): Promise<[before: User, after: User] | null> {
    const user = await manager.findOne(User, { where: { email }, lock: { mode: 'pessimistic_write' } });
    if (!user) return null;
    await manager.update(
      User,
      { id: user.id },
      { role: 'Admin', disabledAt: null, updatedBy: null, updatedAt: () => 'now()' },
    );
    return [user, await manager.findOneByOrFail(User, { email })];
  }

  /** Whoever finds no user holds the lock until its COMMIT, so that the next one to look finds it. */
  private async isFirst(manager: EntityManager): Promise<boolean> {
    if (await manager.exists(User)) return false;
    await manager.query('SELECT pg_advisory_xact_lock($1)', [FIRST_USER_LOCK]);
    return !(await manager.exists(User));
  }
}

function rethrowTaken(error: unknown): never {
  if (violatesUnique(error, 'users_email_key'))
    throw new Problem('email_taken', 'Another user has this e-mail already.', {
      errors: [{ field: 'email', message: 'is taken' }],
    });
  if (violatesUnique(error, 'users_first_admin_key'))
    throw unavailable('Another first user is being made at this moment. Try again in a second.', 1, error);
  throw error;
}
