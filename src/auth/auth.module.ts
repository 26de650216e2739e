import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule, type JwtModuleOptions } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { AppConfig } from '../config/app-config.js';
import { UsersModule } from '../users/users.module.js';
import { AccessGuard } from './access.guard.js';
import { AccountAccessFinder } from './account-access.js';
import { AccessTokens, tokenRules } from './access-tokens.js';
import { ApiKey } from './api-key.entity.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys.service.js';
import { AuditController } from './audit.controller.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { JwtStrategy } from './jwt.strategy.js';
import { LoginLimiter } from './login-limiter.js';
import { PasswordCheck } from './password-check.js';
import { ProfileService } from './profile.service.js';
import { RefreshToken } from './refresh-token.entity.js';
import { RegistrationLimiter } from './registration-limiter.js';
import { RegistrationService } from './registration.service.js';
import { SessionsService } from './sessions.service.js';
import { TokensController } from './tokens.controller.js';
import { UserAdministration } from './user-administration.service.js';
import { UsersController } from './users.controller.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([RefreshToken, ApiKey]),
    JwtModule.registerAsync({ inject: [AppConfig], useFactory: jwtOptions }),
    AuditModule,
    UsersModule,
  ],
  controllers: [AuthController, TokensController, ApiKeysController, UsersController, AuditController],
  providers: [
    AuthService,
    RegistrationService,
    SessionsService,
    PasswordCheck,
    ProfileService,
    UserAdministration,
    AccessTokens,
    AccountAccessFinder,
    ApiKeysService,
    JwtStrategy,
    { provide: LoginLimiter, useFactory: () => new LoginLimiter(Date.now) },
    {
      provide: RegistrationLimiter,
      inject: [AppConfig],
      useFactory: ({ env }: AppConfig) => new RegistrationLimiter(env.REGISTRATIONS_PER_HOUR, Date.now),
    },
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [AuthService, AccessTokens, ApiKeysService, SessionsService],
})
export class AuthModule {}

function jwtOptions(config: AppConfig): JwtModuleOptions {
  const { algorithm, issuer, audience } = tokenRules;
  return {
    secret: config.secrets.jwtSecret,
    signOptions: { algorithm, issuer, audience },
    verifyOptions: { algorithms: [algorithm], issuer, audience },
  };
}
