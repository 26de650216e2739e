import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsObject, ValidateNested } from 'class-validator';
import { DateTimeField, EnumField, IdListField, TextField, ViewField } from '../common/http/fields.js';
import { PageQuery } from '../common/http/page.js';
import {
  type RecoverableStatus,
  type RecoveryState,
  recoverableStatuses,
  recoveryStates,
} from './recovery.entity.js';

const FILTER_EXAMPLE = { status: 'failed', from: '2026-01-31T09:00:00Z', to: '2026-01-31T12:00:00Z' };

const Count = (description: string, example: number) =>
  ApiProperty({ type: 'integer', minimum: 0, description, example });

/** Which deliveries to make again, in the words of the log's own filters. */
export class RecoveryFilterDto {
  @IdListField({
    about: 'Only deliveries to these destinations; all without it',
    maxItems: 100,
    of: 'destinations',
    optional: true,
  })
  destination_ids?: string[];

  @EnumField({
    about:
      'Deliveries that ended so; what was delivered by another delivery since is never failed or cancelled',
    values: recoverableStatuses,
    name: 'RecoverableStatus',
    optional: true,
    default: 'failed',
  })
  status?: RecoverableStatus;

  @TextField({ about: 'Only deliveries of events of this type', max: 255, optional: true })
  event_type?: string;

  @DateTimeField({ about: 'Events received at or after', example: FILTER_EXAMPLE.from })
  from: string;

  @DateTimeField({
    about: 'Events received before; now without it',
    example: FILTER_EXAMPLE.to,
    optional: true,
  })
  to?: string;
}

export class CreateRecoveryDto {
  @ApiProperty({ type: RecoveryFilterDto, example: FILTER_EXAMPLE })
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  @Type(() => RecoveryFilterDto)
  filter: RecoveryFilterDto;
}

export class ListRecoveriesQuery extends PageQuery {
  @EnumField({ about: 'Only in this state', values: recoveryStates, name: 'RecoveryState', optional: true })
  state?: RecoveryState;
}

export class AppliedFilterView {
  @ApiProperty({ type: [String], nullable: true, description: 'Null takes all' })
  destination_ids: string[] | null;

  @ApiProperty({ enum: recoverableStatuses, enumName: 'RecoverableStatus' })
  status: RecoverableStatus;

  @ApiProperty({ type: String, nullable: true, example: 'user.update' })
  event_type: string | null;

  @ViewField('date-time')
  from: string;

  @ViewField('date-time')
  to: string;
}

/** How many deliveries a recovery makes, and how far it is. */
export class RecoveryProgressView {
  @Count('Deliveries that matched when the recovery was created', 1000)
  matched: number;

  @Count('Of these, made again so far', 400)
  replayed: number;

  @Count('Passed over: delivered or on their way again since, or without a body by now', 2)
  skipped: number;
}

export class RecoveryDestinationView extends RecoveryProgressView {
  @ViewField('uuid')
  destination_id: string;

  @ViewField('uri', { nullable: true, description: 'Null once the destination is deleted' })
  url: string | null;

  @ApiProperty({ description: 'True when nothing is left to make again for this one' })
  ended: boolean;
}

export class RecoveryView extends RecoveryProgressView {
  @ViewField('uuid')
  id: string;

  @ViewField('uuid')
  account_id: string;

  @ApiProperty({
    enum: recoveryStates,
    enumName: 'RecoveryState',
    description:
      'preview: counted, nothing sent; completed: every delivery is made, the log tells what becomes of each',
  })
  state: RecoveryState;

  @ApiProperty({ type: AppliedFilterView })
  filter: AppliedFilterView;

  @ApiProperty({
    description:
      'False where there are too many to count each: `matched` then includes what was made again before',
  })
  matched_is_exact: boolean;

  @ApiProperty({ type: 'integer', minimum: 0, maximum: 100, description: 'Of what matched', example: 40 })
  progress_percent: number;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description:
      'What is left takes at least so long, by max_in_flight and rate of the destinations; null once it ended',
    example: 12,
  })
  estimated_seconds: number | null;

  @ViewField('date-time', { nullable: true, description: 'When the first matching event was received' })
  oldest_received_at: string | null;

  @ViewField('date-time', { nullable: true, description: 'When the last matching event was received' })
  newest_received_at: string | null;

  @ViewField('uuid', { nullable: true })
  created_by: string | null;

  @ViewField('uuid', { nullable: true, description: 'Who started, paused or cancelled it last' })
  updated_by: string | null;

  @ViewField('date-time')
  created_at: string;

  @ViewField('date-time')
  updated_at: string;

  @ViewField('date-time', { nullable: true })
  started_at: string | null;

  @ViewField('date-time', { nullable: true })
  ended_at: string | null;
}

export class RecoveryDetailView extends RecoveryView {
  @ApiProperty({ type: [RecoveryDestinationView], description: 'Those with the most matches first' })
  destinations: RecoveryDestinationView[];
}
