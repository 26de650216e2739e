import { ApiProperty } from '@nestjs/swagger';
import { EmailField, PasswordField, TextField } from '../common/http/fields.js';
import type { User } from '../users/user.entity.js';
import { UserView, toUserView } from '../users/users.dto.js';

const TOKEN_EXAMPLE = 'cmVmcmVzaC10b2tlbi1vZi1hbi1leGFtcGxlLXNlc3M';

export class RegisterDto {
  @EmailField({ about: 'Signs in with it', example: 'john123@gmail.com' })
  email: string;

  @PasswordField({ about: '8 to 128 characters; common ones are refused', example: 'Demo@123' })
  password: string;

  @TextField({ about: 'From an invitation to an account, sent to this e-mail', max: 100, optional: true })
  invite_token?: string;
}

export class LoginDto {
  @EmailField({ about: 'The e-mail registered with', example: 'john123@gmail.com' })
  email: string;

  @PasswordField({ about: 'The password', checked: false, example: 'Demo@123' })
  password: string;
}

export class RefreshDto {
  @TextField({
    about: 'The latest refresh token of the session; it works once',
    max: 100,
    example: TOKEN_EXAMPLE,
  })
  refresh_token: string;
}

export class LogoutDto {
  @TextField({
    about: 'Ends the session it belongs to; without it every session ends',
    max: 100,
    optional: true,
  })
  refresh_token?: string;
}

export class UpdateProfileDto {
  @EmailField({
    about: 'The new e-mail; not one that is invited to an account',
    optional: true,
    example: 'john@gmail.com',
  })
  email?: string;

  @PasswordField({ about: 'The password in force', checked: false, example: 'Demo@1234' })
  currentPassword: string;

  @PasswordField({
    about: 'A new password; ends every other session; API keys go on',
    optional: true,
    example: 'Demo@123',
  })
  newPassword?: string;
}

export class SessionView {
  @ApiProperty({ description: 'Send as "Authorization: Bearer <access_token>"' })
  access_token: string;

  @ApiProperty({ description: 'Buys the next pair of tokens, once' })
  refresh_token: string;

  @ApiProperty({ enum: ['Bearer'] })
  token_type: 'Bearer';

  @ApiProperty({ type: 'integer', description: 'Life of the access token in seconds', example: 900 })
  expires_in: number;

  @ApiProperty({ type: UserView })
  user: UserView;
}

/** The tokens are there when the password was changed: they are the one session that goes on. */
export class UpdatedProfileView {
  @ApiProperty({ type: UserView })
  user: UserView;

  @ApiProperty({ required: false, description: 'Only after a change of the password' })
  access_token?: string;

  @ApiProperty({ required: false, description: 'Only after a change of the password' })
  refresh_token?: string;

  @ApiProperty({ enum: ['Bearer'], required: false })
  token_type?: 'Bearer';

  @ApiProperty({ type: 'integer', required: false, example: 900 })
  expires_in?: number;
}

export function toSessionView(
  user: User,
  accessToken: string,
  refreshToken: string,
  lifeSeconds: number,
): SessionView {
  return {
    access_token: accessToken,
    refresh_token: refreshToken,
    token_type: 'Bearer',
    expires_in: lifeSeconds,
    user: toUserView(user),
  };
}
