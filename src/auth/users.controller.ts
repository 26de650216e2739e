import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiPage, type Page } from '../common/http/page.js';
import { IdPipe } from '../common/http/validation.js';
import { CreateUserDto, ListUsersQuery, PatchUserDto, UserView } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import { type Caller, CurrentUser } from './current-user.js';
import { Operation } from './operation.js';
import { UserAdministration } from './user-administration.service.js';

const Id = () => Param('userId', IdPipe);

@ApiTags('Users')
@Controller('user/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly administration: UserAdministration,
  ) {}

  @Get()
  @Operation('listUsers', 'List the users', 400)
  @ApiPage(UserView)
  list(@Query() query: ListUsersQuery): Promise<Page<UserView>> {
    return this.users.list(query);
  }

  @Get(':userId')
  @Operation('getUser', 'Read a user', 404)
  @ApiOkResponse({ type: UserView })
  get(@Id() id: string): Promise<UserView> {
    return this.administration.get(id);
  }

  @Post()
  @Operation('createUser', 'Add a user, whatever the registration mode', 400, 409)
  @ApiCreatedResponse({ type: UserView })
  create(@Body() body: CreateUserDto, @CurrentUser() caller: Caller): Promise<UserView> {
    return this.administration.create(body, caller);
  }

  @Patch(':userId')
  @Operation(
    'patchUser',
    'Change the role of a user, disable or enable it; never the last Admin',
    400,
    404,
    409,
  )
  @ApiOkResponse({ type: UserView })
  patch(@Id() id: string, @Body() body: PatchUserDto, @CurrentUser() caller: Caller): Promise<UserView> {
    return this.administration.patch(id, body, caller);
  }

  @Delete(':userId')
  @HttpCode(204)
  @Operation('deleteUser', 'Delete a user; never the last Admin, nor the last one of an account', 404, 409)
  @ApiNoContentResponse()
  remove(@Id() id: string): Promise<void> {
    return this.administration.remove(id);
  }
}
