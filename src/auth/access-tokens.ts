import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { isUUID } from 'class-validator';
import { DataSource } from 'typeorm';
import { AppConfig } from '../config/app-config.js';
import type { Role, User } from '../users/user.entity.js';
import type { Caller } from './current-user.js';

/** How every access token is signed and checked; nothing in its header is believed. */
export const tokenRules = { algorithm: 'HS256', issuer: 'data-pusher', audience: 'data-pusher-api' } as const;

/** The cookie of the board is worth nothing as a bearer, and a bearer nothing as that cookie. */
const BOARD = { audience: 'data-pusher-board' };

/** No setting makes a token live longer. */
const MAX_LIFE_SECONDS = 900;

/** However long somebody looks at the board: a cookie that was copied ends as well. */
const MAX_BOARD_SECONDS = 12 * 3600;

const secondsNow = (): number => Math.floor(Date.now() / 1000);

/** By how much the clocks of the machines that issue and check may differ. */
const CLOCK_SKEW_SECONDS = 60;

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/** The one header that our tokens have, and the claim that is their first; six bytes end with a character. */
const BEGINNING = `${base64url(JSON.stringify({ alg: tokenRules.algorithm, typ: 'JWT' }))}.${base64url('{"sub"')}`;

/** What an access token says. What its user may do is never among it. */
export interface Claims {
  sub: string;
  /** The user's token_version when it was issued. */
  ver: number;
  /** The refresh family it belongs to; it ends with it. */
  sid?: string;
  /** Of the cookie of the board: when its user signed in, in seconds. */
  since?: number;
  iat: number;
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
  issue(user: Pick<User, 'id' | 'tokenVersion'>, sessionId: string): string {
    const claims = { sub: user.id, ver: user.tokenVersion, sid: sessionId };
    return this.jwt.sign(claims, { expiresIn: this.lifeSeconds });
  }

  /**
   * For the cookie of the board.
   * @param sessionId the family whose end also ends this cookie.
   * @param since when its user signed in, in seconds; now unless given
   */
  issueForBoard(user: Pick<User, 'id' | 'tokenVersion'>, sessionId: string, since = secondsNow()): string {
    const claims = { sub: user.id, ver: user.tokenVersion, sid: sessionId, since };
    return this.jwt.sign(claims, { expiresIn: this.lifeSeconds, ...BOARD });
  }

  /**
   * The cookie of the board with a new end. It says of its user what it said before, so a password that changed
   * ends this one too; a day of work after the sign-in there is no new end.
   * @param token one that was verified.
   */
  prolongForBoard(token: string): string | null {
    const { sub, ver, sid, since = 0 } = this.jwt.decode<Claims>(token);
    const isOver = secondsNow() - since > MAX_BOARD_SECONDS;
    return isOver ? null : this.issueForBoard({ id: sub, tokenVersion: ver }, sid!, since);
  }

  /**
   * A cookie of the board for the session of an access token: the end of either ends both.
   * @param token one that was verified.
   */
  toBoard(token: string): string {
    const { sub, ver, sid } = this.jwt.decode<Claims>(token);
    return this.issueForBoard({ id: sub, tokenVersion: ver }, sid!);
  }

  /** Whose token this is, as the database has that user now; null for a token that is not or no longer good. */
  async verify(token: string): Promise<Caller | null> {
    const claims = await this.read(token);
    return claims && this.findCaller(claims);
  }

  /** As `verify`, of the cookie of the board. */
  async verifyForBoard(cookie: string): Promise<Caller | null> {
    const claims = await this.read(cookie, BOARD);
    return claims?.sid === undefined ? null : this.findCaller(claims);
  }

  /** The session that a cookie of the board belongs to; null where the cookie was not made here or is over. */
  async boardSessionOf(cookie: string): Promise<{ userId: string; familyId: string } | null> {
    const claims = await this.read(cookie, BOARD);
    return claims?.sid === undefined ? null : { userId: claims.sub, familyId: claims.sid };
  }

  /** @param claims of a token whose signature, issuer, audience and expiry were checked. */
  async findCaller(claims: Claims): Promise<Caller | null> {
    if (!areSound(claims)) return null;
    const [row]: { id: string; email: string; role: Role; token_version: number }[] =
      await this.dataSource.query(
        `SELECT id, email, role, token_version FROM users WHERE id = $1 AND disabled_at IS NULL
       AND ($2::uuid IS NULL OR EXISTS (SELECT FROM refresh_tokens WHERE family_id = $2 AND user_id = $1))`,
        [claims.sub, claims.sid ?? null],
      );
    if (!row || row.token_version !== claims.ver) return null;
    return { id: row.id, email: row.email, role: row.role };
  }

  private async read(token: string, options: { audience?: string } = {}): Promise<Claims | null> {
    if (!beginsLikeOurs(token)) return null;
    return this.jwt.verifyAsync<Claims>(token, options).catch(() => null);
  }
}

/**
 * Any other header is refused unread: `none`, foreign algorithms, `crit`, `b64`, and keys by id, by value or by
 * address, which the libraries believe or pass over. Claims that are no object make them throw.
 */
export function beginsLikeOurs(token: string): boolean {
  return token.startsWith(BEGINNING);
}

/** A token without an end passes the expiry check of every library, and none asks when it was issued. */
function areSound({ sub, sid, iat, exp }: Claims): boolean {
  if (!isUUID(sub) || (sid !== undefined && !isUUID(sid))) return false;
  if (typeof iat !== 'number' || typeof exp !== 'number') return false;
  return exp - iat <= MAX_LIFE_SECONDS && iat <= Date.now() / 1000 + CLOCK_SKEW_SECONDS;
}
