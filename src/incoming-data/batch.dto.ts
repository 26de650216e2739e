import { ApiProperty } from '@nestjs/swagger';
import { ViewField } from '../common/http/fields.js';
import { FieldErrorView } from '../common/http/problem-view.js';
import { type Problem, type ProblemCode, problemCodes } from '../common/errors/problem.js';
import type { ReceiptView } from './incoming-data.dto.js';

/** Documents an item of a batch; its bytes are read by hand (batch-items.ts). */
export class BatchEventDto {
  @ApiProperty({
    required: false,
    minLength: 1,
    maxLength: 255,
    pattern: '^[\\x21-\\x7e]{1,255}$',
    description: 'Your id of the event, for safe repeats: without it a repeated batch is new events',
    example: 'order-1',
  })
  event_id?: string;

  @ApiProperty({
    description: 'The event: any JSON object or array, delivered byte for byte as it is written here',
    oneOf: [
      { type: 'object', additionalProperties: true },
      { type: 'array', items: {} },
    ],
    example: { event_type: 'user.update', data: { id: 'USR-123' } },
  })
  data: unknown;
}

export class BatchItemErrorView {
  @ApiProperty({ enum: Object.keys(problemCodes), enumName: 'ProblemCode' })
  code: ProblemCode;

  @ApiProperty({ description: 'What is wrong and what to do' })
  detail: string;

  @ApiProperty({ type: [FieldErrorView] })
  errors: FieldErrorView[];
}

/** What became of one item: as if it had been sent by itself. */
export class BatchItemView {
  @ApiProperty({
    type: 'integer',
    description:
      '202: committed and on its way; 200: the same event was accepted before; 400, 409, 413: not stored',
    example: 202,
  })
  status: number;

  @ViewField('uuid', { nullable: true, description: 'Our id of the event; null when it was not stored' })
  id: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Your id of the event, or the one made for it' })
  event_id: string | null;

  @ApiProperty({ description: 'True when the same event was accepted before; nothing is sent again' })
  duplicate: boolean;

  @ApiProperty({ type: [String], description: 'Ids of the destinations that will receive it' })
  destinations: string[];

  @ApiProperty({ type: BatchItemErrorView, nullable: true, description: 'Null when it is stored' })
  error: BatchItemErrorView | null;
}

export class BatchReceiptView {
  @ApiProperty({ description: 'True when every event is stored' })
  success: boolean;

  @ApiProperty({ example: 'Data Received' })
  message: string;

  @ApiProperty({ type: 'integer', description: 'Events that were stored by this request' })
  accepted: number;

  @ApiProperty({ type: 'integer', description: 'Events that were stored before' })
  duplicates: number;

  @ApiProperty({ type: 'integer', description: 'Events that were not stored' })
  refused: number;

  @ApiProperty({ type: [BatchItemView], description: 'One for each event, in the order they were sent' })
  results: BatchItemView[];
}

export function toItemView({ id, event_id, duplicate, destinations }: ReceiptView): BatchItemView {
  return { status: duplicate ? 200 : 202, id, event_id, duplicate, destinations, error: null };
}

/** @param eventId where the item got as far as having one. */
export function toRefusal({ status, code, detail, options }: Problem, eventId: string | null): BatchItemView {
  const error = { code, detail, errors: options.errors ?? [] };
  return { status, id: null, event_id: eventId, duplicate: false, destinations: [], error };
}

export function toBatchReceipt(results: BatchItemView[]): BatchReceiptView {
  const count = (status: number) => results.filter((result) => result.status === status).length;
  const [accepted, duplicates] = [count(202), count(200)];
  const refused = results.length - accepted - duplicates;
  return {
    success: refused === 0,
    message: refused === 0 ? 'Data Received' : `${refused} of ${results.length} events were not stored`,
    accepted,
    duplicates,
    refused,
    results,
  };
}
