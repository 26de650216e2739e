import { ApiProperty } from '@nestjs/swagger';
import { DateTimeField, EmailField, EnumField, TextField, ViewField } from '../common/http/fields.js';
import { PageQuery } from '../common/http/page.js';
import { type Role, roles } from '../users/user.entity.js';
import type { Member } from './member.entity.js';

export const memberStatuses = ['member', 'invited'] as const;
export type MemberStatus = (typeof memberStatuses)[number];

const RoleField = () =>
  EnumField({ about: 'What the member may do', values: roles, name: 'Role', example: 'User' });

export class CreateMemberDto {
  @EmailField({ about: 'E-mail of the user; unknown ones are invited', example: 'john123@gmail.com' })
  email: string;

  @RoleField()
  role_name: Role;
}

export class UpdateMemberDto {
  @RoleField()
  role_name: Role;
}

export class ListMembersQuery extends PageQuery {
  @TextField({ about: 'Part of the e-mail', max: 200, optional: true })
  q?: string;

  @EnumField({ about: 'Only with this role', values: roles, name: 'Role', optional: true })
  role_name?: Role;

  @DateTimeField({ about: 'Added or invited at or after', optional: true })
  created_from?: string;

  @DateTimeField({ about: 'Added or invited before', after: 'created_from', optional: true })
  created_to?: string;
}

export class MemberView {
  @ViewField('uuid')
  id: string;

  @ViewField('uuid')
  account_id: string;

  @ViewField('uuid', { nullable: true, description: 'Null while invited' })
  user_id: string | null;

  @ViewField('email', { example: 'john123@gmail.com' })
  email: string;

  @ApiProperty({ enum: roles, enumName: 'Role' })
  role_name: Role;

  @ApiProperty({ enum: memberStatuses, enumName: 'MemberStatus' })
  status: MemberStatus;

  @ViewField('uuid', { nullable: true })
  created_by: string | null;

  @ViewField('uuid', { nullable: true })
  updated_by: string | null;

  @ViewField('date-time')
  created_at: string;

  @ViewField('date-time')
  updated_at: string;
}

export class CreatedMemberView extends MemberView {
  @ApiProperty({
    required: false,
    description: 'Only for an invitation and only in this answer: what the invited person registers with',
  })
  invite_token?: string;
}

export function toMemberView(member: Member): MemberView {
  return {
    id: member.id,
    account_id: member.accountId,
    user_id: member.userId,
    email: member.email,
    role_name: member.roleName,
    status: member.userId === null ? 'invited' : 'member',
    created_by: member.createdBy,
    updated_by: member.updatedBy,
    created_at: member.createdAt.toISOString(),
    updated_at: member.updatedAt.toISOString(),
  };
}
