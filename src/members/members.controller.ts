import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type AccountAccess, type Caller, CurrentAccess, CurrentUser } from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { ApiPage, type Page } from '../common/http/page.js';
import { IdPipe } from '../common/http/validation.js';
import {
  CreateMemberDto,
  CreatedMemberView,
  ListMembersQuery,
  MemberView,
  UpdateMemberDto,
} from './members.dto.js';
import { MembersService } from './members.service.js';

const Id = () => Param('memberId', IdPipe);

@ApiTags('Members')
@Controller('accounts/:accountId/members')
export class MembersController {
  constructor(private readonly members: MembersService) {}

  @Post()
  @Operation('createMember', 'Add a user to an account, or invite an unknown e-mail', 400, 409)
  @ApiCreatedResponse({ type: CreatedMemberView })
  create(
    @Body() body: CreateMemberDto,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<CreatedMemberView> {
    return this.members.create(access, body, caller);
  }

  @Get()
  @Operation('listMembers', 'List members and invitations of an account', 400)
  @ApiPage(MemberView)
  list(@Query() query: ListMembersQuery, @CurrentAccess() access: AccountAccess): Promise<Page<MemberView>> {
    return this.members.list([access], query);
  }

  @Get(':memberId')
  @Operation('getMember', 'Read a member or an invitation')
  @ApiOkResponse({ type: MemberView })
  get(@Id() id: string, @CurrentAccess() access: AccountAccess): Promise<MemberView> {
    return this.members.get(access, id);
  }

  @Put(':memberId')
  @Operation('updateMember', 'Change the role of a member', 400, 409)
  @ApiOkResponse({ type: MemberView })
  update(
    @Id() id: string,
    @Body() body: UpdateMemberDto,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<MemberView> {
    return this.members.update(access, id, body, caller);
  }

  @Delete(':memberId')
  @HttpCode(204)
  @Operation('deleteMember', 'Remove a member or withdraw an invitation', 409)
  @ApiNoContentResponse()
  remove(@Id() id: string, @CurrentAccess() access: AccountAccess): Promise<void> {
    return this.members.remove(access, id);
  }
}
