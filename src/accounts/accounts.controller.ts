import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type AccountAccess, type Caller, CurrentAccess, CurrentUser } from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { ApiPage, type Page } from '../common/http/page.js';
import {
  AccountView,
  CreateAccountDto,
  ListAccountsQuery,
  RotateTokenDto,
  UpdateAccountDto,
} from './accounts.dto.js';
import { AccountsService } from './accounts.service.js';

@ApiTags('Accounts')
@Controller('accounts')
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  @Post()
  @Operation('createAccount', 'Create an account', 400, 409)
  @ApiCreatedResponse({ type: AccountView })
  create(@Body() body: CreateAccountDto, @CurrentUser() caller: Caller): Promise<AccountView> {
    return this.accounts.create(body, caller);
  }

  @Get()
  @Operation('listAccounts', 'List the accounts you may see', 400)
  @ApiPage(AccountView)
  list(@Query() query: ListAccountsQuery, @CurrentUser() caller: Caller): Promise<Page<AccountView>> {
    return this.accounts.list(query, caller);
  }

  @Get(':accountId')
  @Operation('getAccount', 'Read an account')
  @ApiOkResponse({ type: AccountView })
  get(@CurrentAccess() access: AccountAccess): Promise<AccountView> {
    return this.accounts.get(access);
  }

  @Put(':accountId')
  @Operation('updateAccount', 'Change an account', 400, 409)
  @ApiOkResponse({ type: AccountView })
  update(
    @Body() body: UpdateAccountDto,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<AccountView> {
    return this.accounts.update(access, body, caller);
  }

  @Patch(':accountId')
  @Operation('patchAccount', 'Change some fields of an account', 400, 409)
  @ApiOkResponse({ type: AccountView })
  patch(
    @Body() body: UpdateAccountDto,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<AccountView> {
    return this.accounts.update(access, body, caller);
  }

  @Delete(':accountId')
  @HttpCode(204)
  @Operation(
    'deleteAccount',
    'Delete an account; its open deliveries are cancelled and its data is removed in the background',
    404,
  )
  @ApiNoContentResponse()
  remove(@CurrentAccess() access: AccountAccess, @CurrentUser() caller: Caller): Promise<void> {
    return this.accounts.remove(access, caller);
  }

  @Post(':accountId/rotate-token')
  @HttpCode(200)
  @Operation('rotateAccountToken', 'Make a new secret token; the old one works until the grace ends', 400)
  @ApiOkResponse({ type: AccountView })
  rotateToken(
    @Body() body: RotateTokenDto,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<AccountView> {
    return this.accounts.rotateToken(access, body.grace_seconds ?? 0, caller);
  }
}
