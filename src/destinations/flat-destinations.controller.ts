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
import { ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
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
import { AnswersDestination, TakesIfMatch, parseIfMatch } from './destination-etag.js';
import { DestinationView } from './destinations.dto.js';
import { DestinationsService } from './destinations.service.js';
import {
  AddDestinationDto,
  ListAllDestinationsQuery,
  UpdateDestinationByIdDto,
} from './flat-destinations.dto.js';

const Id = () => Param('destinationId', IdPipe);

/** The same destinations without their account in the path. */
@ApiTags('Destinations')
@Controller('destinations')
export class FlatDestinationsController {
  constructor(private readonly destinations: DestinationsService) {}

  @Post()
  @Operation('addDestination', 'Create a destination of the account in the body', 400, 409)
  @AnswersDestination(201)
  create(
    @Body() body: AddDestinationDto,
    @FoundAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<DestinationView> {
    return this.destinations.create(access, body, caller);
  }

  @Get()
  @Operation('listAllDestinations', 'List the destinations of every account you may see', 400, 404)
  @ApiPage(DestinationView)
  list(
    @Query() query: ListAllDestinationsQuery,
    @CurrentScope() scope: AccountScope,
  ): Promise<Page<DestinationView>> {
    return this.destinations.list(scope, query);
  }

  @Get(':destinationId')
  @Operation('getDestinationById', 'Read a destination by its id alone')
  @AnswersDestination()
  get(@Id() id: string, @FoundAccess() access: AccountAccess): Promise<DestinationView> {
    return this.destinations.get(access, id);
  }

  @Put(':destinationId')
  @Operation('updateDestinationById', 'Change a destination by its id alone', 400, 412)
  @TakesIfMatch()
  @AnswersDestination()
  update(
    @Id() id: string,
    @Body() body: UpdateDestinationByIdDto,
    @Headers('if-match') ifMatch: string | undefined,
    @FoundAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<DestinationView> {
    return this.destinations.update(access, id, keepAccount(access, body), parseIfMatch(ifMatch), caller);
  }

  @Patch(':destinationId')
  @Operation('patchDestinationById', 'Change some fields of a destination by its id alone', 400, 412)
  @TakesIfMatch()
  @AnswersDestination()
  patch(
    @Id() id: string,
    @Body() body: UpdateDestinationByIdDto,
    @Headers('if-match') ifMatch: string | undefined,
    @FoundAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<DestinationView> {
    return this.destinations.update(access, id, keepAccount(access, body), parseIfMatch(ifMatch), caller);
  }

  @Delete(':destinationId')
  @HttpCode(204)
  @Operation('deleteDestinationById', 'Delete a destination by its id alone')
  @ApiNoContentResponse()
  remove(
    @Id() id: string,
    @FoundAccess() access: AccountAccess,
    @CurrentUser() caller: Caller,
  ): Promise<void> {
    return this.destinations.remove(access, id, caller);
  }
}
