import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { isUUID } from 'class-validator';
import { DataSource } from 'typeorm';
import { AppConfig } from '../config/app-config.js';
import type { Role, User } from '../users/user.entity.js';
import type { Caller } from './current-user.js';

/** How every access token is signed and checked; nothing in its header is believed. */
export const tokenRules = { algorithm: 'HS256', issuer: 'data-pusher', audience: 'data-pusher-api' } as const;

/** What an access token says. What its user may do is never among it. */
export interface Claims {
  sub: string;
  /** The user's token_version when it was issued. */
  ver: number;
  /** The refresh family it belongs to; it ends with it. */
  sid?: string;
  exp: number;
}

/** Signs and checks the short-lived tokens that go with every request. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
  ) {}

  get lifeSeconds(): number {
    return this.config.env.ACCESS_TOKEN_SECONDS;
  }

  /** @param sessionId the refresh family whose end also ends this token. */
  issue(user: Pick<User, 'id' | 'tokenVersion'>, sessionId?: string): string {
    const claims: Omit<Claims, 'exp'> = {
      sub: user.id,
      ver: user.tokenVersion,
      ...(sessionId ? { sid: sessionId } : {}),
    };
    return this.jwt.sign(claims, { expiresIn: this.lifeSeconds });
  }

  /**
   * The token with a new end. It says of its user what it said before, so a session that ended meanwhile, or a
   * password that changed, ends this one too.
   * @param token one that was verified.
   */
  prolong(token: string): string {
    const { sub, ver, sid } = this.jwt.decode<Claims>(token);
    return this.issue({ id: sub, tokenVersion: ver }, sid);
  }

  /** Whose token this is, as the database has that user now; null for a token that is not or no longer good. */
  async verify(token: string): Promise<Caller | null> {
    const claims = await this.jwt.verifyAsync<Claims>(token).catch(() => null);
    return claims && this.findCaller(claims);
  }

  /** @param claims of a token whose signature, issuer, audience and expiry were checked. */
  async findCaller(claims: Claims): Promise<Caller | null> {
    // A token without an end passes the expiry check of every library.
    if (!isUUID(claims.sub) || typeof claims.exp !== 'number') return null;
    if (claims.sid !== undefined && !isUUID(claims.sid)) return null;
    const [row]: { id: string; email: string; role: Role; token_version: number }[] =
      await this.dataSource.query(
        `SELECT id, email, role, token_version FROM users WHERE id = $1 AND disabled_at IS NULL
       AND ($2::uuid IS NULL OR EXISTS (SELECT FROM refresh_tokens WHERE family_id = $2 AND user_id = $1))`,
        [claims.sub, claims.sid ?? null],
      );
    if (!row || row.token_version !== claims.ver) return null;
    return { id: row.id, email: row.email, role: row.role };
  }
}
