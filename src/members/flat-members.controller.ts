import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { keepAccount } from '../auth/account-access.js';
import type { AccountScope } from '../auth/account-scope.js';
import {
  type AccountAccess,
  type Caller,
  CurrentScope,
  CurrentUser,
  FoundAccess,
} from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { ApiPage, type Page } from '../common/http/page.js';
import { IdPipe } from '../common/http/validation.js';
import { AddMemberDto, ListAllMembersQuery, UpdateMemberByIdDto } from './flat-members.dto.js';
import { CreatedMemberView, MemberView } from './members.dto.js';
import { MembersService } from './members.service.js';

const Id = () => Param('memberId', IdPipe);

/** The same members without their account in the path. */
@ApiTags('Members')
@Controller('account-members')
export class FlatMembersController {
  constructor(private readonly members: MembersService) {}

  @Post()
  @Operation('addMember', 'Add a user to the account in the body, or invite an unknown e-mail', 400, 409)
  @ApiCreatedResponse({ type: CreatedMemberView })
  create(
    @Body() body: AddMemberDto,
    @FoundAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<CreatedMemberView> {
    return this.members.create(access, body, caller);
  }

  @Get()
  @Operation('listAllMembers', 'List members and invitations of every account you may see', 400, 404)
  @ApiPage(MemberView)
  list(@Query() query: ListAllMembersQuery, @CurrentScope() scope: AccountScope): Promise<Page<MemberView>> {
    return this.members.list(scope, query);
  }

  @Get(':memberId')
  @Operation('getMemberById', 'Read a member or an invitation by its id alone')
  @ApiOkResponse({ type: MemberView })
  get(@Id() id: string, @FoundAccess() access: AccountAccess): Promise<MemberView> {
    return this.members.get(access, id);
  }

  @Put(':memberId')
  @Operation('updateMemberById', 'Change the role of a member by its id alone', 400, 409)
  @ApiOkResponse({ type: MemberView })
  update(
    @Id() id: string,
    @Body() body: UpdateMemberByIdDto,
    @FoundAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<MemberView> {
    return this.members.update(access, id, keepAccount(access, body), caller);
  }

  @Delete(':memberId')
  @HttpCode(204)
  @Operation('deleteMemberById', 'Remove a member or withdraw an invitation by its id alone', 409)
  @ApiNoContentResponse()
  remove(@Id() id: string, @FoundAccess() access: AccountAccess): Promise<void> {
    return this.members.remove(access, id);
  }
}
