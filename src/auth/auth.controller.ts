import { Body, Controller, Get, HttpCode, Ip, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { UserView } from '../users/users.dto.js';
import {
  LoginDto,
  LogoutDto,
  RefreshDto,
  RegisterDto,
  SessionView,
  UpdateProfileDto,
  UpdatedProfileView,
} from './auth.dto.js';
import { AuthService } from './auth.service.js';
import { type Caller, CurrentUser } from './current-user.js';
import { Operation } from './operation.js';
import { ProfileService } from './profile.service.js';
import { RegistrationService } from './registration.service.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('Users')
@Controller('user')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly registration: RegistrationService,
    private readonly sessions: SessionsService,
    private readonly profile: ProfileService,
  ) {}

  @Post('register')
  @Operation('registerUser', 'Register; the first user ever becomes Admin', 400, 403, 409, 429)
  @ApiCreatedResponse({ type: UserView })
  register(@Body() body: RegisterDto, @Ip() address: string): Promise<UserView> {
    return this.registration.register(body, address);
  }

  @Post('login')
  @HttpCode(200)
  @Operation('loginUser', 'Sign in', 400, 401, 429)
  @ApiOkResponse({ type: SessionView })
  login(@Body() body: LoginDto, @Ip() address: string): Promise<SessionView> {
    return this.auth.login(body, address);
  }

  @Post('refresh')
  @HttpCode(200)
  @Operation('refreshSession', 'Trade a refresh token for a new pair; each works once', 400, 401)
  @ApiOkResponse({ type: SessionView })
  refresh(@Body() body: RefreshDto): Promise<SessionView> {
    return this.sessions.refresh(body.refresh_token);
  }

  @Post('logout')
  @HttpCode(204)
  @Operation('logoutUser', 'End a session, or all of them', 400)
  @ApiNoContentResponse()
  logout(@Body() body: LogoutDto, @CurrentUser() caller: Caller): Promise<void> {
    return this.sessions.end(caller, body.refresh_token);
  }

  @Get('profile')
  @Operation('getProfile', 'Read your profile')
  @ApiOkResponse({ type: UserView })
  getProfile(@CurrentUser() caller: Caller): Promise<UserView> {
    return this.profile.get(caller);
  }

  @Put('profile')
  @Operation('updateProfile', 'Change your e-mail or password', 400, 409, 429)
  @ApiOkResponse({ type: UpdatedProfileView })
  updateProfile(
    @Body() body: UpdateProfileDto,
    @CurrentUser() caller: Caller,
    @Ip() address: string,
  ): Promise<UpdatedProfileView> {
    return this.profile.update(body, caller, address);
  }
}
