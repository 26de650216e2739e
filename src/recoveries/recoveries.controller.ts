import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type AccountAccess, type Caller, CurrentAccess, CurrentUser } from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { ApiPage, type Page } from '../common/http/page.js';
import { IdPipe } from '../common/http/validation.js';
import {
  CreateRecoveryDto,
  ListRecoveriesQuery,
  RecoveryDetailView,
  RecoveryView,
} from './recoveries.dto.js';
import { RecoveriesService } from './recoveries.service.js';

const Id = () => Param('recoveryId', IdPipe);

@ApiTags('Recoveries')
@Controller('accounts/:accountId/recoveries')
export class RecoveriesController {
  constructor(private readonly recoveries: RecoveriesService) {}

  @Post()
  @Operation(
    'createRecovery',
    'Count the deliveries to make again; nothing is sent before it is started',
    400,
  )
  @ApiCreatedResponse({ type: RecoveryDetailView })
  create(
    @Body() body: CreateRecoveryDto,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<RecoveryDetailView> {
    return this.recoveries.create(access, body.filter, caller);
  }

  @Get()
  @Operation('listRecoveries', 'List the recoveries of an account, newest first', 400)
  @ApiPage(RecoveryView)
  list(
    @Query() query: ListRecoveriesQuery,
    @CurrentAccess() access: AccountAccess,
  ): Promise<Page<RecoveryView>> {
    return this.recoveries.list(access.accountId, query);
  }

  @Get(':recoveryId')
  @Operation('getRecovery', 'Read how far a recovery is')
  @ApiOkResponse({ type: RecoveryDetailView })
  get(@Id() id: string, @CurrentAccess() access: AccountAccess): Promise<RecoveryDetailView> {
    return this.recoveries.get(access.accountId, id);
  }

  @Post(':recoveryId/start')
  @HttpCode(200)
  @Operation('startRecovery', 'Begin to make the deliveries again, in the background', 409)
  @ApiOkResponse({ type: RecoveryDetailView })
  start(
    @Id() id: string,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<RecoveryDetailView> {
    return this.recoveries.start(access, id, caller);
  }

  @Post(':recoveryId/pause')
  @HttpCode(200)
  @Operation('pauseRecovery', 'Make nothing more until it is resumed', 409)
  @ApiOkResponse({ type: RecoveryDetailView })
  pause(
    @Id() id: string,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<RecoveryDetailView> {
    return this.recoveries.pause(access, id, caller);
  }

  @Post(':recoveryId/resume')
  @HttpCode(200)
  @Operation('resumeRecovery', 'Go on where it was paused', 409)
  @ApiOkResponse({ type: RecoveryDetailView })
  resume(
    @Id() id: string,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<RecoveryDetailView> {
    return this.recoveries.resume(access, id, caller);
  }

  @Post(':recoveryId/cancel')
  @HttpCode(200)
  @Operation('cancelRecovery', 'End it for good; deliveries it has made already go on', 409)
  @ApiOkResponse({ type: RecoveryDetailView })
  cancel(
    @Id() id: string,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<RecoveryDetailView> {
    return this.recoveries.cancel(access, id, caller);
  }
}
