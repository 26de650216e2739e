import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiPage, type Page } from '../common/http/page.js';
import { ListUsersQuery, UserView } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import { Operation } from './operation.js';

@ApiTags('Users')
@Controller('user/users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  @Operation('listUsers', 'List the users', 400)
  @ApiPage(UserView)
  list(@Query() query: ListUsersQuery): Promise<Page<UserView>> {
    return this.users.list(query);
  }
}
