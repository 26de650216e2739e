import { ApiProperty } from '@nestjs/swagger';
import { EmailField, PasswordField, TextField } from '../common/http/fields.js';
import { invalid } from '../common/errors/problem.js';
import type { LoginDto, SessionView } from './auth.dto.js';

export class ObtainTokenDto {
  @EmailField({ about: 'The e-mail registered with', optional: true, example: 'john123@gmail.com' })
  email?: string;

  @EmailField({ about: 'The same as email, which may be sent instead', optional: true })
  username?: string;

  @PasswordField({ about: 'The password', checked: false, example: 'Demo@123' })
  password: string;
}

export class RefreshTokenDto {
  @TextField({ about: 'The latest refresh token of the session; it works once', max: 100 })
  refresh: string;
}

export class TokenPairView {
  @ApiProperty({ description: 'Send as "Authorization: Bearer <access>"' })
  access: string;

  @ApiProperty({ description: 'Buys the next pair of tokens, once' })
  refresh: string;
}

export class TokenView {
  @ApiProperty({ description: 'Send as "Authorization: Bearer <token>"; it ends as every access token does' })
  token: string;
}

/** @throws Problem 400 when nobody, or two people, are named. */
export function toLogin({ email, username, password }: ObtainTokenDto): LoginDto {
  const name = email ?? username;
  if (name === undefined) throw invalid('email', 'must be sent, or username');
  if (username !== undefined && username !== name) throw invalid('username', 'must be the same as email');
  return { email: name, password };
}

export const toTokenPairView = (session: SessionView): TokenPairView => ({
  access: session.access_token,
  refresh: session.refresh_token,
});
