import { Body, Controller, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { AuthService } from './auth.service.js';
import { Operation } from './operation.js';
import { SessionsService } from './sessions.service.js';
import {
  ObtainTokenDto,
  RefreshTokenDto,
  TokenPairView,
  TokenView,
  toLogin,
  toTokenPairView,
} from './tokens.dto.js';

/** Signing in and refreshing in the words of other APIs; sessions and limits are the same. */
@ApiTags('Tokens')
@Controller()
export class TokensController {
  constructor(
    private readonly auth: AuthService,
    private readonly sessions: SessionsService,
  ) {}

  @Post('token')
  @HttpCode(200)
  @Operation('obtainTokenPair', 'Sign in for a pair of tokens', 400, 401, 429)
  @ApiOkResponse({ type: TokenPairView })
  async obtainPair(@Body() body: ObtainTokenDto, @Ip() address: string): Promise<TokenPairView> {
    return toTokenPairView(await this.auth.login(toLogin(body), address));
  }

  @Post('token/refresh')
  @HttpCode(200)
  @Operation('refreshTokenPair', 'Trade a refresh token for a new pair; each works once', 400, 401)
  @ApiOkResponse({ type: TokenPairView })
  async refreshPair(@Body() body: RefreshTokenDto): Promise<TokenPairView> {
    return toTokenPairView(await this.sessions.refresh(body.refresh));
  }

  @Post('obtain-token')
  @HttpCode(200)
  @Operation('obtainToken', 'Sign in for an access token alone', 400, 401, 429)
  @ApiOkResponse({ type: TokenView })
  async obtain(@Body() body: ObtainTokenDto, @Ip() address: string): Promise<TokenView> {
    return { token: (await this.auth.login(toLogin(body), address)).access_token };
  }
}
