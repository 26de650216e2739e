import { IntersectionType } from '@nestjs/swagger';
import { AccountBody, AccountQuery } from '../common/http/account-fields.js';
import { CreateDestinationDto, ListDestinationsQuery, UpdateDestinationDto } from './destinations.dto.js';

export class AddDestinationDto extends IntersectionType(AccountBody, CreateDestinationDto) {}

/** Clients that send the whole of a destination back send its account as well. */
export class UpdateDestinationByIdDto extends IntersectionType(AccountBody, UpdateDestinationDto) {}

export class ListAllDestinationsQuery extends IntersectionType(AccountQuery, ListDestinationsQuery) {}
