import { ApiProperty, OmitType } from '@nestjs/swagger';
import {
  DateTimeField,
  EnumField,
  TextField,
  UuidField,
  ViewField,
  jsonObjectOrArray,
} from '../common/http/fields.js';
import { PageQuery } from '../common/http/page.js';
import { SHORTEST_TEXT } from '../search/text-filter.js';

export const deliveryStatuses = ['pending', 'success', 'retrying', 'failed', 'held', 'cancelled'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** Where an entry comes from: a delivery, or a caller who recorded it. */
export const logSources = ['delivery', 'manual'] as const;
export type LogSource = (typeof logSources)[number];

/** What makes deliveries. */
export const deliveryOrigins = ['event', 'replay', 'test'] as const;
export type DeliveryOrigin = (typeof deliveryOrigins)[number];

export class ListLogsQuery extends PageQuery {
  @EnumField({
    about: 'Only deliveries in this state',
    values: deliveryStatuses,
    name: 'DeliveryStatus',
    optional: true,
  })
  status?: DeliveryStatus;

  @UuidField({ about: 'Only deliveries to this destination', optional: true })
  destination_id?: string;

  @TextField({ about: 'Only deliveries of the event with this CL-X-EVENT-ID', max: 255, optional: true })
  event_id?: string;

  @TextField({ about: 'Only deliveries of events of this type', max: 255, optional: true })
  event_type?: string;

  @TextField({
    about:
      'Part of the event id, of the payload (its first 16 KiB, as sent), of the last error or of the URL. Letters ' +
      'match in either case; those that a payload has as \\uXXXX match as they are. A page may hold less than ' +
      '`limit`: `page.next` tells whether there is more',
    min: SHORTEST_TEXT,
    max: 200,
    optional: true,
  })
  q?: string;

  @DateTimeField({ about: 'Received at or after', optional: true })
  from?: string;

  @DateTimeField({ about: 'Received before', after: 'from', optional: true })
  to?: string;
}

export const exportFormats = ['csv', 'ndjson'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** What the list takes, without its pages. */
export class ExportLogsQuery extends OmitType(ListLogsQuery, ['limit', 'cursor'] as const) {
  @EnumField({
    about:
      'csv: RFC 4180 with a header row, cells that a spreadsheet would run begin with an apostrophe; ndjson: an entry a line',
    values: exportFormats,
    name: 'ExportFormat',
    optional: true,
    default: 'csv',
  })
  format: ExportFormat = 'csv';
}

/** One log entry: a delivery of an event to a destination. */
export class LogEntryView {
  @ViewField('uuid')
  id: string;

  @ViewField('uuid')
  account_id: string;

  @ApiProperty({ description: "The producer's id of the event" })
  event_id: string;

  @ApiProperty({ enum: logSources, enumName: 'LogSource', description: 'manual: recorded by a caller' })
  source: LogSource;

  @ViewField('uuid', {
    nullable: true,
    description: 'Our id of the event; null where a caller recorded an event that was not accepted here',
  })
  event: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'user.update' })
  event_type: string | null;

  @ViewField('uuid', { nullable: true })
  destination_id: string | null;

  @ApiProperty({ type: String, nullable: true })
  url: string | null;

  @ApiProperty({ enum: deliveryStatuses, enumName: 'DeliveryStatus' })
  status: DeliveryStatus;

  @ApiProperty({
    enum: deliveryOrigins,
    enumName: 'DeliveryOrigin',
    nullable: true,
    description: "What made it; null for entries of callers' own",
    example: 'event',
  })
  origin: DeliveryOrigin | null;

  @ApiProperty({ type: 'integer', description: 'Attempts made so far' })
  attempts: number;

  @ApiProperty({ type: 'integer', nullable: true, example: 200 })
  last_status_code: number | null;

  @ApiProperty({ type: String, nullable: true })
  last_error: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'What the caller who recorded it said' })
  message: string | null;

  @ViewField('uuid', { nullable: true, description: 'Who recorded it; null for deliveries' })
  created_by: string | null;

  @ViewField('date-time', { nullable: true })
  next_attempt_at: string | null;

  @ViewField('date-time')
  received_at: string;

  @ViewField('date-time', { nullable: true, description: 'When it came to its end' })
  processed_at: string | null;
}

/** Columns of an exported log, in their order: all of an entry. */
export const logColumns = Object.keys({
  id: true,
  account_id: true,
  event_id: true,
  event: true,
  event_type: true,
  destination_id: true,
  url: true,
  status: true,
  origin: true,
  attempts: true,
  last_status_code: true,
  last_error: true,
  next_attempt_at: true,
  received_at: true,
  processed_at: true,
  source: true,
  message: true,
  created_by: true,
} satisfies Record<keyof LogEntryView, true>);

export class AttemptView {
  @ApiProperty({ type: 'integer', example: 1 })
  number: number;

  @ViewField('date-time')
  started_at: string;

  @ApiProperty({ type: 'integer', description: 'Milliseconds' })
  duration_ms: number;

  @ApiProperty({ type: 'integer', nullable: true })
  status_code: number | null;

  @ApiProperty({ type: String, nullable: true })
  error: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Start of what the destination answered' })
  response_excerpt: string | null;

  @ApiProperty({ description: 'True when the result came after the lease had passed on; it decided nothing' })
  superseded: boolean;
}

export class DeliveryLogView extends LogEntryView {
  @ApiProperty({ description: 'What happened and what comes next, in one sentence' })
  explanation: string;

  @ApiProperty({ type: [AttemptView] })
  attempt_log: AttemptView[];
}

/** An event with everything that became of it. */
export class EventLogView {
  @ViewField('uuid')
  id: string;

  @ViewField('uuid')
  account_id: string;

  @ApiProperty()
  event_id: string;

  @ApiProperty({ type: String, nullable: true })
  event_type: string | null;

  @ViewField('date-time')
  received_at: string;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Size of the body in bytes; null once removed',
  })
  size: number | null;

  @ApiProperty({ description: 'SHA-256 of the body, hexadecimal' })
  body_sha256: string;

  @ApiProperty({
    ...jsonObjectOrArray({ nullable: true }),
    description: 'The body as JSON; null once removed by retention',
    example: { event_type: 'user.update', data: { user: { id: 'USR-123' } } },
  })
  payload: unknown;

  @ApiProperty({
    description:
      'True when the body is older than PAYLOAD_RETENTION_DAYS and was removed. The log goes with RETENTION_DAYS, ' +
      'the id is remembered for DEDUP_DAYS',
  })
  removed_by_retention: boolean;

  @ApiProperty({ type: [DeliveryLogView] })
  deliveries: DeliveryLogView[];
}
