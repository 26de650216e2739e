import { ApiProperty } from '@nestjs/swagger';
import { TextField, ViewField } from '../common/http/fields.js';
import { PageQuery } from '../common/http/page.js';
import { type Role, type User, roles } from './user.entity.js';

export class ListUsersQuery extends PageQuery {
  @TextField({ about: 'Part of the e-mail', max: 200, optional: true })
  q?: string;
}

export class UserView {
  @ViewField('uuid')
  id: string;

  @ViewField('email', { example: 'john123@gmail.com' })
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
