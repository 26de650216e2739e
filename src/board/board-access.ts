import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessTokens } from '../auth/access-tokens.js';
import { AuthService } from '../auth/auth.service.js';
import { Problem, forbidden } from '../common/errors/problem.js';
import { UsersService } from '../users/users.service.js';
import { signInPage } from './sign-in-page.js';

export const BOARD_PATH = '/queues';
const LOGIN_PATH = `${BOARD_PATH}/login`;
const COOKIE = 'data_pusher_board';

/** Lets Admins, and only them, to the board: by a cookie from its own sign-in page or by a bearer token. */
@Injectable()
export class BoardAccess {
  constructor(
    private readonly auth: AuthService,
    private readonly tokens: AccessTokens,
    private readonly users: UsersService,
  ) {}

  /** Runs before everything of the board; sends browsers to the sign-in page and answers others with a problem. */
  async check(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | void> {
    if (request.url.split('?')[0] === LOGIN_PATH) return;
    const token = request.cookies[COOKIE] ?? request.headers.authorization?.replace(/^Bearer /i, '');
    const caller = token ? await this.tokens.verify(token) : null;
    if (caller?.role === 'Admin') return this.renew(request, reply, caller.id);
    if (request.headers.accept?.includes('text/html')) return reply.redirect(LOGIN_PATH);
    if (caller) throw forbidden('Only Admins may see the queues.');
    throw new Problem('unauthenticated', `Sign in at ${LOGIN_PATH} or send an Admin's bearer token.`);
  }

  async signIn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const form = (request.body ?? {}) as Record<string, unknown>;
    const [email, password] = [form.email, form.password].map((value) =>
      typeof value === 'string' ? value : '',
    );
    try {
      const user = await this.auth.signIn(email!.trim().toLowerCase(), password!, request.ip);
      if (user.role !== 'Admin') return page(reply, 403, 'Only Admins may see the queues.');
      this.setCookie(request, reply, this.tokens.issue(user));
      return reply.redirect(BOARD_PATH, 303);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const text = error.status === 401 ? 'This e-mail and password do not match.' : error.detail;
      return page(reply.headers(error.options.headers ?? {}), error.status, text);
    }
  }

  showSignIn(reply: FastifyReply): FastifyReply {
    return page(reply, 200, null);
  }

  /** Whoever goes on working stays signed in; the rights are read anew with every request all the same. */
  private async renew(request: FastifyRequest, reply: FastifyReply, userId: string): Promise<void> {
    if (!request.cookies[COOKIE]) return;
    this.setCookie(request, reply, this.tokens.issue(await this.users.getById(userId)));
  }

  private setCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
    void reply.setCookie(COOKIE, token, {
      path: BOARD_PATH,
      httpOnly: true,
      sameSite: 'strict',
      secure: request.protocol === 'https',
      maxAge: this.tokens.lifeSeconds,
    });
  }
}

function page(reply: FastifyReply, status: number, problem: string | null): FastifyReply {
  return reply
    .status(status)
    .header('content-type', 'text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    )
    .send(signInPage(problem));
}
