import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource, type EntityManager } from 'typeorm';
import { uuidv7 } from '../common/uuid.js';
import { newToken, sha256 } from '../common/crypto/tokens.js';
import { Problem } from '../common/errors/problem.js';
import { LOGGER } from '../common/logger.js';
import { AppConfig } from '../config/app-config.js';
import { User } from '../users/user.entity.js';
import { AccessTokens } from './access-tokens.js';
import { type SessionView, toSessionView } from './auth.dto.js';
import type { Caller } from './current-user.js';
import { RefreshToken } from './refresh-token.entity.js';

/**
 * Sign-ins and the refresh tokens that keep them alive. Whoever changes the sessions of a user holds the lock of
 * the user's row, so no refresh or sign-in can slip past an end of the session or a new password.
 */
@Injectable()
export class SessionsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly accessTokens: AccessTokens,
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param user as it was when its password was checked. Null when it was disabled or changed its password since. */
  async start(user: User, manager: EntityManager = this.dataSource.manager): Promise<SessionView | null> {
    await forgetExpired(user.id, manager);
    return this.extend(user, uuidv7(), manager);
  }

  /**
   * A session of the board: nobody is told its refresh token, so it is never longer than its cookie.
   * @returns the cookie; null as `start`.
   */
  async startForBoard(user: User): Promise<string | null> {
    const { manager } = this.dataSource;
    await forgetExpired(user.id, manager);
    const familyId = uuidv7();
    const added = await this.addLink(user, familyId, manager);
    return added && this.accessTokens.issueForBoard(user, familyId);
  }

  /**
   * Uses up a refresh token and gives the next one. A token used twice is in two hands: the session ends.
   * @throws Problem 401
   */
  async refresh(refreshToken: string): Promise<SessionView> {
    const session = await this.dataSource.transaction((manager) =>
      this.rotate(sha256(refreshToken), manager),
    );
    if (session) return session;
    throw new Problem(
      'unauthenticated',
      'The refresh token is unknown, used, expired or its session has ended. Sign in again.',
      { headers: { 'www-authenticate': 'Bearer' } },
    );
  }

  /** Ends the session of the refresh token, or every session of the caller where none is given. */
  async end(caller: Caller, refreshToken?: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await lockUser(caller.id, manager);
      if (refreshToken === undefined) return this.endAll(caller.id, manager);
      const link = await manager.findOneBy(RefreshToken, {
        userId: caller.id,
        tokenSha256: sha256(refreshToken),
      });
      if (link) await manager.delete(RefreshToken, { familyId: link.familyId });
    });
  }

  /** Ends the session that a cookie of the board belongs to; a cookie that belongs to none is over anyway. */
  async endForBoard(cookie: string): Promise<void> {
    const session = await this.accessTokens.boardSessionOf(cookie);
    if (!session) return;
    await this.dataSource.transaction(async (manager) => {
      await lockUser(session.userId, manager);
      await manager.delete(RefreshToken, session);
    });
  }

  /** Ends every session of a user at once, access tokens included. */
  async endAll(userId: string, manager: EntityManager): Promise<void> {
    await manager.update(User, { id: userId }, { tokenVersion: () => 'token_version + 1' });
    await manager.delete(RefreshToken, { userId });
  }

  private async rotate(tokenSha256: Buffer, manager: EntityManager): Promise<SessionView | null> {
    const found = await manager.findOneBy(RefreshToken, { tokenSha256 });
    const user = found && (await lockUser(found.userId, manager));
    if (!user) return null;
    // Read again under the lock: another refresh may have used it, or an end removed it, while this one waited.
    const [link]: { id: string; family_id: string; used: boolean; expired: boolean }[] = await manager.query(
      `SELECT id, family_id, used_at IS NOT NULL AS used, expires_at <= now() AS expired
       FROM refresh_tokens WHERE token_sha256 = $1`,
      [tokenSha256],
    );
    if (!link) return null;
    if (link.used) {
      await manager.delete(RefreshToken, { familyId: link.family_id });
      this.logger.warn({ user_id: user.id, session_id: link.family_id }, 'session.reuse_detected');
      return null;
    }
    if (link.expired) return null;
    await manager.update(RefreshToken, { id: link.id }, { usedAt: () => 'now()' });
    return this.extend(user, link.family_id, manager);
  }

  private async extend(user: User, familyId: string, manager: EntityManager): Promise<SessionView | null> {
    const refreshToken = await this.addLink(user, familyId, manager);
    if (!refreshToken) return null;
    const accessToken = this.accessTokens.issue(user, familyId);
    return toSessionView(user, accessToken, refreshToken, this.accessTokens.lifeSeconds);
  }

  /** Adds a refresh token to the family; null when the user is not what it was when read. */
  private async addLink(user: User, familyId: string, manager: EntityManager): Promise<string | null> {
    const refreshToken = newToken();
    const added: unknown[] = await manager.query(
      `INSERT INTO refresh_tokens (id, user_id, family_id, token_sha256, expires_at)
       SELECT $1, id, $2, $3, now() + make_interval(days => $4)
       FROM users WHERE id = $5 AND token_version = $6 AND disabled_at IS NULL FOR SHARE
       RETURNING id`,
      [
        uuidv7(),
        familyId,
        sha256(refreshToken),
        this.config.env.REFRESH_TOKEN_DAYS,
        user.id,
        user.tokenVersion,
      ],
    );
    return added.length === 0 ? null : refreshToken;
  }
}

async function forgetExpired(userId: string, manager: EntityManager): Promise<void> {
  await manager.query('DELETE FROM refresh_tokens WHERE user_id = $1 AND expires_at < now()', [userId]);
}

function lockUser(id: string, manager: EntityManager): Promise<User | null> {
  return manager.findOne(User, { where: { id }, lock: { mode: 'pessimistic_write' } });
}
