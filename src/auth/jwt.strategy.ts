import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-jwt';
import { AppConfig } from '../config/app-config.js';
import { AccessTokens, type Claims, beginsLikeOurs, tokenRules } from './access-tokens.js';
import { bearerOf } from './bearer.js';
import type { Caller } from './current-user.js';

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    config: AppConfig,
    private readonly tokens: AccessTokens,
  ) {
    super({
      jwtFromRequest: readToken,
      secretOrKey: config.secrets.jwtSecret,
      algorithms: [tokenRules.algorithm],
      issuer: tokenRules.issuer,
      audience: tokenRules.audience,
    });
  }

  validate(claims: Claims): Promise<Caller | null> {
    return this.tokens.findCaller(claims);
  }
}

function readToken(request: FastifyRequest): string | null {
  const token = bearerOf(request);
  return token && beginsLikeOurs(token) ? token : null;
}
