import { ApiProperty } from '@nestjs/swagger';
import { DateTimeField, StringListField, ViewField } from '../common/http/fields.js';
import { eventStates, type EventState } from './event-state.js';
import { DEFAULT_HOURS, MAX_DAYS } from './period.js';
import type { StatusCounts } from './status-counts.js';

export const MAX_EVENT_IDS = 1000;

const Count = (description: string, example: number) =>
  ApiProperty({ type: 'integer', minimum: 0, description, example });

export class ReconciliationQuery {
  @DateTimeField({
    about: `Events received at or after; ${DEFAULT_HOURS} hours before \`to\` without it, at most ${MAX_DAYS} days`,
    example: '2026-01-31T00:00:00Z',
    optional: true,
  })
  from?: string;

  @DateTimeField({
    about: 'Events received before; now without it',
    example: '2026-02-01T00:00:00Z',
    optional: true,
  })
  to?: string;
}

export class ReconcileEventsDto {
  @StringListField({
    about: "The producer's event ids (CL-X-EVENT-ID)",
    example: ['order-1', 'order-2'],
    maxItems: MAX_EVENT_IDS,
    pattern: /^[\x21-\x7e]{1,255}$/,
    rule: 'must be event ids: 1 to 255 visible ASCII characters each',
  })
  event_ids: string[];
}

/** Deliveries by where they are now. */
export class StatusCountsView implements StatusCounts {
  @Count('Taken by the destination', 990)
  delivered: number;

  @Count('Waiting for the first attempt', 4)
  pending: number;

  @Count('Failed so far and tried again', 3)
  retrying: number;

  @Count('Waiting for a destination that is paused or disabled', 1)
  held: number;

  @Count('Given up', 2)
  failed: number;

  @Count('Ended because the destination or the account was deleted', 0)
  cancelled: number;
}

export class BalanceView extends StatusCountsView {
  @Count('Accepted events × the destinations each matched, counted from the events alone', 1000)
  matched_deliveries: number;

  @ApiProperty({ description: 'True when every matched delivery is in exactly one of the counts' })
  balanced: boolean;

  @ApiProperty({ type: 'integer', description: 'matched_deliveries less all counts', example: 0 })
  difference: number;

  @Count('Matched deliveries that are in none of the counts: a fault, please report it', 0)
  missing: number;

  @Count('Counted deliveries that no event matched: a fault, please report it', 0)
  surplus: number;
}

export class OriginCountsView extends StatusCountsView {
  @ApiProperty({ description: 'What made these deliveries', example: 'replay' })
  origin: string;
}

export class ReconciliationView extends BalanceView {
  @ViewField('date-time', { description: 'Events received at or after' })
  from: string;

  @ViewField('date-time', { description: 'Events received before' })
  to: string;

  @ViewField('date-time', {
    nullable: true,
    description: 'Set where `from` is before what is kept: nothing before this moment is in the figures',
  })
  complete_since: string | null;

  @Count('Events that were answered with 202, tests of destinations among them', 500)
  accepted_events: number;

  @ApiProperty({
    type: [OriginCountsView],
    description:
      'Deliveries of these events that were made later, by a replay or a test; never part of the balance',
  })
  others: OriginCountsView[];
}

export class DestinationBalanceView extends BalanceView {
  @ViewField('uuid', { nullable: true })
  destination_id: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'https://example.com/hook' })
  url: string | null;
}

export class AccountReconciliationView extends ReconciliationView {
  @ViewField('uuid')
  account_id: string;

  @ApiProperty({
    type: [DestinationBalanceView],
    maxItems: 100,
    description: 'Destinations with the most not delivered first, at most 100',
  })
  destinations: DestinationBalanceView[];
}

/** What became of one event id. Of an id that is unknown, everything but `event_id` and `state` is null. */
export class ReconciledEventView {
  @ApiProperty({ example: 'order-1' })
  event_id: string;

  @ApiProperty({
    enum: eventStates,
    enumName: 'EventState',
    description:
      'unknown: not accepted; unrouted: no destination matched; mixed: the counts differ; removed: past its ' +
      'retention; incomplete: a delivery is missing; else what every delivery is',
  })
  state: EventState;

  @ViewField('uuid', { nullable: true })
  account_id: string | null;

  @ViewField('uuid', { nullable: true, description: 'Our id of the event' })
  id: string | null;

  @ViewField('date-time', { nullable: true })
  accepted_at: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'SHA-256 of the body, hexadecimal',
    example: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  })
  body_sha256: string | null;

  @ViewField('uuid', {
    isArray: true,
    nullable: true,
    description: 'Ids of the destinations it matched; null once the event itself is not kept any more',
  })
  destinations: string[] | null;

  @ApiProperty({ type: StatusCountsView, nullable: true, description: 'Deliveries the event made' })
  counts: StatusCountsView | null;

  @ApiProperty({ type: StatusCountsView, nullable: true, description: 'Replays and tests of the event' })
  others: StatusCountsView | null;
}

export class ReconciledEventsView {
  @ApiProperty({
    type: [ReconciledEventView],
    description:
      'In the order of `event_ids`, a repeated id once; across accounts one entry per account that has it',
  })
  data: ReconciledEventView[];
}
