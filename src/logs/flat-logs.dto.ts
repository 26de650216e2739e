import { IntersectionType, OmitType } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { AccountBody, AccountQuery } from '../common/http/account-fields.js';
import { EnumField, TextField, UuidField } from '../common/http/fields.js';
import { ListLogsQuery } from './logs.dto.js';
import { type ManualStatus, manualStatuses } from './manual-log-entry.entity.js';

export class ListAllLogsQuery extends IntersectionType(AccountQuery, ListLogsQuery) {}

export class ListDestinationLogsQuery extends OmitType(ListLogsQuery, ['destination_id']) {}

export class RecordLogDto extends AccountBody {
  @Matches(/^[\x21-\x7e]*$/, { message: 'must have visible ASCII characters and no blanks' })
  @TextField({
    about: 'Your id of the event, whether or not it was accepted here',
    max: 255,
    example: 'order-1',
  })
  event_id: string;

  @UuidField({ about: 'The destination of the account it is about', optional: true })
  destination_id?: string;

  @EnumField({ about: 'How it ended', values: manualStatuses, name: 'ManualStatus', example: 'success' })
  status: ManualStatus;

  @TextField({ about: 'What there is to say about it', max: 2000, optional: true, nullable: true })
  message?: string | null;
}
