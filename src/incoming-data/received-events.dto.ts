import { ApiProperty } from '@nestjs/swagger';
import { DateTimeField, TextField, ViewField, jsonObjectOrArray } from '../common/http/fields.js';
import { PageQuery } from '../common/http/page.js';

/** A list shows bodies up to this size, so that a page of it stays small; each is there whole by its id. */
export const LISTED_PAYLOAD_BYTES = 8192;

export class ListReceivedEventsQuery extends PageQuery {
  @TextField({ about: 'Only the event with this CL-X-EVENT-ID', max: 255, optional: true })
  event_id?: string;

  @TextField({ about: 'Only events of this type', max: 255, optional: true })
  event_type?: string;

  @DateTimeField({ about: 'Received at or after', optional: true })
  from?: string;

  @DateTimeField({ about: 'Received before', optional: true })
  to?: string;
}

/** What a producer sent. */
export class ReceivedEventView {
  @ViewField('uuid')
  id: string;

  @ViewField('uuid')
  account_id: string;

  @ApiProperty({ description: "The producer's id of the event", example: 'order-1' })
  event_id: string;

  @ApiProperty({ type: String, nullable: true, example: 'user.update' })
  event_type: string | null;

  @ViewField('date-time')
  received_at: string;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Bytes of the body; null once removed' })
  size: number | null;

  @ApiProperty({
    description: `The body as JSON. Null in a list when it is larger than ${LISTED_PAYLOAD_BYTES} bytes, and once removed by retention`,
    ...jsonObjectOrArray({ nullable: true }),
    example: { event_type: 'user.update', data: { user: { id: 'USR-123' } } },
  })
  payload: unknown;

  @ViewField('uuid', { isArray: true, nullable: true, description: 'Ids of the destinations it was for' })
  destinations: string[] | null;
}

export interface ReceivedEventRow {
  id: string;
  account_id: string;
  event_id: string;
  event_type: string | null;
  received_at: Date;
  size: number | null;
  payload: Buffer | null;
  destination_ids: string[] | null;
}

export function toReceivedEventView(row: ReceivedEventRow): ReceivedEventView {
  return {
    id: row.id,
    account_id: row.account_id,
    event_id: row.event_id,
    event_type: row.event_type,
    received_at: row.received_at.toISOString(),
    size: row.size,
    payload: row.payload && JSON.parse(row.payload.toString('utf8')),
    destinations: row.destination_ids,
  };
}
