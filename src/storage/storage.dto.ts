import { ApiProperty } from '@nestjs/swagger';
import { ViewField } from '../common/http/fields.js';

const Day = (description: string, nullable = false) =>
  ApiProperty({ type: String, format: 'date', example: '2026-01-31', description, nullable });

const Days = (description: string) =>
  ApiProperty({ type: 'integer', nullable: true, description: `${description}; null keeps them for ever` });

export class PeriodsView {
  @Days('Days the log of deliveries and attempts is kept (RETENTION_DAYS)')
  retention_days: number | null;

  @Days('Days bodies of events are kept (PAYLOAD_RETENTION_DAYS)')
  payload_retention_days: number | null;

  @Days('Days repeated event ids are known (DEDUP_DAYS)')
  dedup_days: number | null;
}

export class DaySizeView {
  @Day('Day of receipt, UTC')
  day: string;

  @ApiProperty({ type: 'integer' })
  bytes: number;

  @ApiProperty({ type: 'integer' })
  estimated_rows: number;
}

export class TableStorageView {
  @ApiProperty({ example: 'events' })
  table: string;

  @ApiProperty({ type: 'integer', description: 'On disk, indexes included' })
  bytes: number;

  @ApiProperty({ type: 'integer', description: 'As PostgreSQL estimates it' })
  estimated_rows: number;

  @ApiProperty({ type: 'integer', description: 'Days that have a partition, also those made ahead' })
  partitions: number;

  @Day('First day with rows; of event_keys an estimate', true)
  oldest_day: string | null;

  @Day('Last day with rows; of event_keys an estimate', true)
  newest_day: string | null;

  @Days('Days its rows are kept at least')
  kept_days: number | null;

  @ViewField('date-time', {
    nullable: true,
    description: 'When its oldest day has reached its age; null where no day of it is dropped',
  })
  next_drop_at: string | null;

  @ApiProperty({ type: [DaySizeView], description: 'Days with rows, oldest first' })
  days: DaySizeView[];
}

export class StorageView {
  @ApiProperty({ type: 'integer', description: 'All tables together' })
  bytes: number;

  @ApiProperty({ type: PeriodsView })
  periods: PeriodsView;

  @ApiProperty({ type: [TableStorageView] })
  tables: TableStorageView[];
}
