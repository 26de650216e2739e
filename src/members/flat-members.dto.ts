import { IntersectionType } from '@nestjs/swagger';
import { AccountBody, AccountQuery } from '../common/http/account-fields.js';
import { CreateMemberDto, ListMembersQuery, UpdateMemberDto } from './members.dto.js';

export class AddMemberDto extends IntersectionType(AccountBody, CreateMemberDto) {}

/** Clients that send the whole of a member back send its account as well. */
export class UpdateMemberByIdDto extends IntersectionType(AccountBody, UpdateMemberDto) {}

export class ListAllMembersQuery extends IntersectionType(AccountQuery, ListMembersQuery) {}
