import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Put,
  Query,
} from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type AccountAccess, type Caller, CurrentAccess, CurrentUser } from '../auth/current-user.js';
import { Operation } from '../auth/operation.js';
import { ApiPage, type Page } from '../common/http/page.js';
import { IdPipe } from '../common/http/validation.js';
import { AnswersDestination, TakesIfMatch, parseIfMatch } from './destination-etag.js';
import {
  CreateDestinationDto,
  DestinationView,
  ListDestinationsQuery,
  RotateSecretDto,
  RotatedSecretView,
  SigningSecretView,
  UpdateDestinationDto,
} from './destinations.dto.js';
import { DestinationsService } from './destinations.service.js';

const Id = () => Param('destinationId', IdPipe);

@ApiTags('Destinations')
@Controller('accounts/:accountId/destinations')
export class DestinationsController {
  constructor(private readonly destinations: DestinationsService) {}

  @Post()
  @Operation('createDestination', 'Create a destination', 400, 409)
  @AnswersDestination(201)
  create(
    @Body() body: CreateDestinationDto,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<DestinationView> {
    return this.destinations.create(access, body, caller);
  }

  @Get()
  @Operation('listDestinations', 'List the destinations of an account', 400)
  @ApiPage(DestinationView)
  list(
    @Query() query: ListDestinationsQuery,
    @CurrentAccess() access: AccountAccess,
  ): Promise<Page<DestinationView>> {
    return this.destinations.list([access], query);
  }

  @Get(':destinationId')
  @Operation('getDestination', 'Read a destination')
  @AnswersDestination()
  get(@Id() id: string, @CurrentAccess() access: AccountAccess): Promise<DestinationView> {
    return this.destinations.get(access, id);
  }

  @Put(':destinationId')
  @Operation('updateDestination', 'Change a destination', 400, 412)
  @TakesIfMatch()
  @AnswersDestination()
  update(
    @Id() id: string,
    @Body() body: UpdateDestinationDto,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<DestinationView> {
    return this.destinations.update(access, id, body, parseIfMatch(ifMatch), caller);
  }

  @Patch(':destinationId')
  @Operation('patchDestination', 'Change some fields of a destination', 400, 412)
  @TakesIfMatch()
  @AnswersDestination()
  patch(
    @Id() id: string,
    @Body() body: UpdateDestinationDto,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<DestinationView> {
    return this.destinations.update(access, id, body, parseIfMatch(ifMatch), caller);
  }

  @Delete(':destinationId')
  @HttpCode(204)
  @Operation('deleteDestination', 'Delete a destination; its open deliveries are cancelled')
  @ApiNoContentResponse()
  remove(
    @Id() id: string,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<void> {
    return this.destinations.remove(access, id, caller);
  }

  @Post(':destinationId/pause')
  @HttpCode(200)
  @Operation('pauseDestination', 'Stop sending to a destination; its deliveries are held', 409)
  @AnswersDestination()
  pause(
    @Id() id: string,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<DestinationView> {
    return this.destinations.pause(access, id, caller);
  }

  @Post(':destinationId/resume')
  @HttpCode(200)
  @Operation('resumeDestination', 'Send to a paused destination again; what was held is due', 409)
  @AnswersDestination()
  resume(
    @Id() id: string,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<DestinationView> {
    return this.destinations.resume(access, id, caller);
  }

  @Post(':destinationId/enable')
  @HttpCode(200)
  @Operation('enableDestination', 'Send to a disabled destination again; what was held is due', 409)
  @AnswersDestination()
  enable(
    @Id() id: string,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<DestinationView> {
    return this.destinations.enable(access, id, caller);
  }

  @Get(':destinationId/secret')
  @Operation('getDestinationSecret', 'Read the signing secret of a destination')
  @ApiOkResponse({ type: SigningSecretView })
  getSecret(@Id() id: string, @CurrentAccess() access: AccountAccess): Promise<SigningSecretView> {
    return this.destinations.getSecret(access, id);
  }

  @Post(':destinationId/rotate-secret')
  @HttpCode(200)
  @Operation(
    'rotateDestinationSecret',
    'Make a new signing secret; the old one signs too until the grace ends',
    400,
  )
  @ApiOkResponse({ type: RotatedSecretView })
  rotateSecret(
    @Id() id: string,
    @Body() body: RotateSecretDto,
    @CurrentAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<RotatedSecretView> {
    return this.destinations.rotateSecret(access, id, body.grace_seconds ?? 0, caller);
  }
}
