import { ApiProperty } from '@nestjs/swagger';
import {
  BooleanField,
  BooleanQuery,
  EmailField,
  EnumField,
  PasswordField,
  TextField,
  ViewField,
} from '../common/http/fields.js';
import { PageQuery } from '../common/http/page.js';
import { type Role, type User, roles } from './user.entity.js';

const EMAIL = 'john123@gmail.com';

const RoleField = (options: { about: string; optional: true; default?: Role }) =>
  EnumField({ ...options, values: roles, name: 'Role', example: 'User' });

export class ListUsersQuery extends PageQuery {
  @TextField({ about: 'Part of the e-mail', max: 200, optional: true })
  q?: string;

  @RoleField({ about: 'Only users of this role', optional: true })
  role?: Role;

  @BooleanQuery({ about: 'Only users that are disabled, or only those that are not' })
  disabled?: boolean;
}

export class CreateUserDto {
  @EmailField({ about: 'Signs in with it; accounts that have invited it have a member then', example: EMAIL })
  email: string;

  @PasswordField({ about: '8 to 128 characters; common ones are refused', example: 'Demo@123' })
  password: string;

  @RoleField({ about: 'Admins see and may do everything', optional: true, default: 'User' })
  role?: Role;
}

export class PatchUserDto {
  @RoleField({ about: 'Acts at the next request of the user', optional: true })
  role?: Role;

  @BooleanField({
    about: 'True ends every session and refuses every API key of the user; the keys work again after false',
    optional: true,
    example: true,
  })
  disabled?: boolean;
}

export class UserView {
  @ViewField('uuid')
  id: string;

  @ViewField('email', { example: EMAIL })
  email: string;

  @ApiProperty({ enum: roles, enumName: 'Role' })
  role: Role;

  @ApiProperty({ description: 'A disabled user cannot sign in' })
  disabled: boolean;

  @ViewField('uuid', { nullable: true })
  created_by: string | null;

  @ViewField('uuid', { nullable: true })
  updated_by: string | null;

  @ViewField('date-time')
  created_at: string;

  @ViewField('date-time')
  updated_at: string;
}

export function toUserView(user: User): UserView {
  return {
    id: user.id,
    email: user.email,
    role: user.role,
    disabled: user.disabledAt !== null,
    created_by: user.createdBy,
    updated_by: user.updatedBy,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  };
}
