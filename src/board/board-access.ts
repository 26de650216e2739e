import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessTokens } from '../auth/access-tokens.js';
import { ApiKeysService, isApiKey } from '../auth/api-keys.service.js';
import { AuthService } from '../auth/auth.service.js';
import { bearerOf } from '../auth/bearer.js';
import type { Caller } from '../auth/current-user.js';
import { SessionsService } from '../auth/sessions.service.js';
import { Problem, forbidden } from '../common/errors/problem.js';
import { signInPage } from './sign-in-page.js';

export const BOARD_PATH = '/queues';
export const SIGN_IN_PATH = `${BOARD_PATH}/login`;
export const SIGN_OUT_PATH = `${BOARD_PATH}/logout`;
export const API_PATH = `${BOARD_PATH}/api/`;
const COOKIE = 'data_pusher_board';
const NO_MATCH = 'This e-mail and password do not match.';
const ADMINS_ONLY = 'Only Admins may see the queues.';

/** Lets Admins, and only them, to the board: by a cookie from its sign-in page or the console, or by a bearer token. */
@Injectable()
export class BoardAccess {
  constructor(
    private readonly auth: AuthService,
    private readonly tokens: AccessTokens,
    private readonly apiKeys: ApiKeysService,
    private readonly sessions: SessionsService,
  ) {}

  /** Runs before everything of the board; sends browsers to the sign-in page and answers others with a problem. */
  async check(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | void> {
    refuseOtherSites(request);
    const route = request.routeOptions.url ?? '';
    if (isPublic(route)) return;
    const bearer = bearerOf(request);
    const cookie = bearer ? undefined : request.cookies[COOKIE];
    const caller = bearer
      ? await this.findByBearer(bearer)
      : cookie && (await this.tokens.verifyForBoard(cookie));
    if (caller && caller.role === 'Admin') {
      // The board asks for news all the time, so whoever looks at it stays signed in.
      const prolonged = cookie && route.startsWith(API_PATH) ? this.tokens.prolongForBoard(cookie) : null;
      if (prolonged) this.setCookie(request, reply, prolonged);
      return;
    }
    if (request.headers.accept?.includes('text/html')) return reply.redirect(SIGN_IN_PATH);
    throw caller ? forbidden(ADMINS_ONLY) : unauthenticated();
  }

  /** By the form of the sign-in page, or by the access token of a session that the console hands over. */
  async signIn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const bearer = bearerOf(request);
    if (bearer) return this.takeOver(bearer, request, reply);
    const form = (request.body ?? {}) as Record<string, unknown>;
    const [email, password] = [form.email, form.password].map((value) =>
      typeof value === 'string' ? value : '',
    );
    try {
      const user = await this.auth.signIn(email!.trim().toLowerCase(), password!, request.ip);
      if (user.role !== 'Admin') return page(reply, 403, ADMINS_ONLY);
      const cookie = await this.sessions.startForBoard(user);
      if (!cookie) return page(reply, 401, NO_MATCH);
      this.setCookie(request, reply, cookie);
      return reply.redirect(BOARD_PATH, 303);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const text = error.status === 401 ? NO_MATCH : error.detail;
      return page(reply.headers(error.options.headers ?? {}), error.status, text);
    }
  }

  showSignIn(reply: FastifyReply): FastifyReply {
    return page(reply, 200, null);
  }

  /** A copy of the cookie is worth nothing from here on. */
  async signOut(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const cookie = request.cookies[COOKIE];
    if (cookie) await this.sessions.endForBoard(cookie);
    return reply.clearCookie(COOKIE, { path: BOARD_PATH }).redirect(SIGN_IN_PATH, 303);
  }

  /** No page of another site can send the token; an API key is no session and would not end with this one. */
  private async takeOver(
    bearer: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const caller = await this.tokens.verify(bearer);
    if (!caller) throw unauthenticated();
    if (caller.role !== 'Admin') throw forbidden(ADMINS_ONLY);
    this.setCookie(request, reply, this.tokens.toBoard(bearer));
    return reply.status(204).send();
  }

  private findByBearer(bearer: string): Promise<Caller | null> {
    return isApiKey(bearer) ? this.apiKeys.findCaller(bearer) : this.tokens.verify(bearer);
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

function unauthenticated(): Problem {
  return new Problem('unauthenticated', `Sign in at ${SIGN_IN_PATH} or send an Admin's bearer token.`, {
    headers: { 'www-authenticate': 'Bearer' },
  });
}

/** Scripts and styles are Bull Board's as published; an open page whose session ends would be blank without them. */
function isPublic(route: string): boolean {
  return route === SIGN_IN_PATH || route === SIGN_OUT_PATH || route.startsWith(`${BOARD_PATH}/static/`);
}

/** SameSite keeps other sites out, but not another port of this host: only the browser knows who is asking. */
function refuseOtherSites({ method, headers, routeOptions }: FastifyRequest): void {
  const site = headers['sec-fetch-site'];
  // The link that signs out is a GET that changes something.
  const changes = method !== 'GET' || routeOptions.url === SIGN_OUT_PATH;
  if (changes && (site === 'cross-site' || site === 'same-site'))
    throw forbidden('Another site sent this request.');
}

function page(reply: FastifyReply, status: number, problem: string | null): FastifyReply {
  return reply.status(status).header('content-type', 'text/html; charset=utf-8').send(signInPage(problem));
}
