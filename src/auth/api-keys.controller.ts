import { Body, Controller, Delete, Get, HttpCode, Ip, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiPage, type Page, PageQuery } from '../common/http/page.js';
import { IdPipe } from '../common/http/validation.js';
import { ApiKeyView, CreateApiKeyDto, CreatedApiKeyView } from './api-keys.dto.js';
import { ApiKeysService } from './api-keys.service.js';
import { type Caller, CurrentUser } from './current-user.js';
import { Operation } from './operation.js';

const Id = () => Param('apiKeyId', IdPipe);

@ApiTags('API keys')
@Controller('user/api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Post()
  @Operation('createApiKey', 'Make an API key, which acts as you until it is revoked', 400, 409, 429)
  @ApiCreatedResponse({ type: CreatedApiKeyView })
  create(
    @Body() body: CreateApiKeyDto,
    @CurrentUser() caller: Caller,
    @Ip() address: string,
  ): Promise<CreatedApiKeyView> {
    return this.keys.create(body, caller, address);
  }

  @Get()
  @Operation('listApiKeys', 'List your API keys', 400)
  @ApiPage(ApiKeyView)
  list(@Query() query: PageQuery, @CurrentUser() caller: Caller): Promise<Page<ApiKeyView>> {
    return this.keys.list(query, caller);
  }

  @Get(':apiKeyId')
  @Operation('getApiKey', 'Read one of your API keys', 404)
  @ApiOkResponse({ type: ApiKeyView })
  get(@Id() id: string, @CurrentUser() caller: Caller): Promise<ApiKeyView> {
    return this.keys.get(id, caller);
  }

  @Delete(':apiKeyId')
  @HttpCode(204)
  @Operation('deleteApiKey', 'Revoke an API key; its next request is refused', 404)
  @ApiNoContentResponse()
  revoke(@Id() id: string, @CurrentUser() caller: Caller): Promise<void> {
    return this.keys.revoke(id, caller);
  }
}
