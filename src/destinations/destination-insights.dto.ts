import { ApiProperty } from '@nestjs/swagger';
import { IntegerQuery, ViewField } from '../common/http/fields.js';

const Count = (description: string) => ApiProperty({ type: 'integer', minimum: 0, description });

export class DestinationStatsQuery {
  @IntegerQuery({
    about: 'Deliveries of events received in the last so many hours',
    min: 1,
    max: 168,
    default: 24,
  })
  hours: number = 24;
}

export class FinishedCountsView {
  @Count('Taken by the destination')
  success: number;

  @Count('Given up')
  failed: number;

  @Count('Ended by a deletion or by retention')
  cancelled: number;
}

export class LatencyView {
  @Count('Milliseconds that half of the answers took at most')
  p50: number;

  @Count('Milliseconds that 95 % of the answers took at most')
  p95: number;

  @Count('Milliseconds that 99 % of the answers took at most')
  p99: number;
}

export class AttemptStatsView {
  @Count('Attempts looked at: those of the newest deliveries')
  sampled: number;

  @Count('Of these, attempts that failed')
  failed: number;

  @ApiProperty({
    type: LatencyView,
    nullable: true,
    description: 'Of the attempts that were answered; null without any',
  })
  latency_ms: LatencyView | null;
}

export class LastErrorView {
  @ViewField('date-time', { description: 'When the attempt began' })
  at: string;

  @ViewField('uuid')
  delivery_id: string;

  @ApiProperty({ type: String, nullable: true, description: "The producer's id of the event" })
  event_id: string | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 500 })
  status_code: number | null;

  @ApiProperty({ example: 'status: answered 500' })
  error: string;
}

/** What is still to do for a destination at this moment. */
export class BacklogView {
  @Count('Waiting for the first attempt')
  pending: number;

  @Count('Failed so far and tried again')
  retrying: number;

  @Count('Waiting for the destination to be active again')
  held: number;

  @ApiProperty({ description: 'True when there are more than were counted' })
  is_more: boolean;

  @ViewField('date-time', {
    nullable: true,
    description: 'When the next attempt is due, or was; null without any',
  })
  oldest_due_at: string | null;

  @ApiProperty({ type: 'number', minimum: 0, description: 'How long the oldest due delivery has waited' })
  overdue_seconds: number;
}

export class DestinationStatsView {
  @ViewField('uuid')
  destination_id: string;

  @ViewField('date-time', { description: 'Events received at or after' })
  from: string;

  @ViewField('date-time', { description: 'Events received before' })
  to: string;

  @ViewField('date-time', {
    nullable: true,
    description:
      'Set where the period has more deliveries than are counted: the counts are of those since then',
  })
  complete_since: string | null;

  @ApiProperty({ type: FinishedCountsView, description: 'Deliveries that came to their end' })
  deliveries: FinishedCountsView;

  @ApiProperty({
    type: 'number',
    nullable: true,
    minimum: 0,
    maximum: 1,
    description: 'success of success + failed; null without any',
    example: 0.998,
  })
  success_rate: number | null;

  @ApiProperty({ type: AttemptStatsView })
  attempts: AttemptStatsView;

  @ApiProperty({
    type: LastErrorView,
    nullable: true,
    description: 'Of the newest deliveries; null without any',
  })
  last_error: LastErrorView | null;

  @ApiProperty({ type: BacklogView })
  backlog: BacklogView;
}

/** One attempt of the schedule. Retry-After of the destination may make a wait longer, up to a day. */
export class ScheduledAttemptView {
  @ApiProperty({ type: 'integer', example: 2 })
  number: number;

  @ApiProperty({ type: 'integer', description: 'Wait after the attempt before', example: 5000 })
  delay_ms: number;

  @ApiProperty({
    type: 'integer',
    description: 'The least it may be: waits are spread by chance',
    example: 4500,
  })
  min_delay_ms: number;

  @ApiProperty({ type: 'integer', description: 'The most it may be', example: 5500 })
  max_delay_ms: number;

  @ApiProperty({
    type: 'integer',
    description: 'All waits so far, without what the attempts take',
    example: 5000,
  })
  after_ms: number;

  @ApiProperty({ type: 'integer', example: 4500 })
  min_after_ms: number;

  @ApiProperty({ type: 'integer', example: 5500 })
  max_after_ms: number;
}

export class RetryScheduleView {
  @ViewField('uuid')
  destination_id: string;

  @ApiProperty({ type: 'integer', description: 'Attempts before a delivery is given up', example: 10 })
  max_attempts: number;

  @ApiProperty({ type: 'integer', description: 'What each attempt may take', example: 15_000 })
  timeout_ms: number;

  @ApiProperty({ type: [ScheduledAttemptView] })
  attempts: ScheduledAttemptView[];
}
