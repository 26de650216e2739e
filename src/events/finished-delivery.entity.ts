import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A delivery that came to its end. Append-only, partitioned by day of its id. */
@Entity('finished_deliveries')
// Only for statements that say `attempts >= 0`; see the migration.
@Index('finished_deliveries_id_idx', ['id'], { where: 'attempts >= 0' })
@Index('finished_deliveries_destination_id_status_idx', ['destinationId', 'status', 'id'])
@Index('finished_deliveries_status_event_type_idx', ['status', 'eventType', 'accountId', 'id'])
@Index('finished_deliveries_destination_id_status_event_type_idx', [
  'destinationId',
  'status',
  'eventType',
  'id',
])
// What nearly all are not, so that these indexes cost nearly nothing.
@Index('finished_deliveries_unsuccessful_id_idx', ['status', 'id'], {
  where: "status <> 'success' AND attempts >= 0",
})
@Index('finished_deliveries_unsuccessful_idx', ['accountId', 'status', 'id'], {
  where: "status <> 'success'",
})
@Check('finished_deliveries_status_check', "status IN ('success', 'failed', 'cancelled')")
export class FinishedDelivery {
  @PrimaryColumn('uuid', { name: 'account_id', primaryKeyConstraintName: 'finished_deliveries_pkey' })
  accountId: string;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'finished_deliveries_pkey' })
  id: string;

  @Column('uuid')
  event: string;

  @Column('uuid', { name: 'destination_id', nullable: true })
  destinationId: string | null;

  /** The producer's id of the event, so that the log needs no event to tell it. */
  @Column('varchar', { name: 'event_id', length: 255 })
  eventId: string;

  @Column('varchar', { name: 'event_type', length: 255, nullable: true })
  eventType: string | null;

  @Column('text')
  status: 'success' | 'failed' | 'cancelled';

  @Column('integer')
  attempts: number;

  @Column('integer', { name: 'last_status_code', nullable: true })
  lastStatusCode: number | null;

  @Column('text', { name: 'last_error', nullable: true })
  lastError: string | null;

  @Column('text')
  origin: string;

  @Column({ type: 'timestamptz', name: 'received_at', precision: 3 })
  receivedAt: Date;

  @Column({ type: 'timestamptz', name: 'processed_at', precision: 3, default: () => 'now()' })
  processedAt: Date;

  /** The attempt that succeeded; other attempts have rows of their own. */
  @Column('uuid', { name: 'attempt_id', nullable: true })
  attemptId: string | null;

  @Column({ type: 'timestamptz', name: 'attempt_started_at', precision: 3, nullable: true })
  attemptStartedAt: Date | null;

  @Column('integer', { name: 'attempt_duration_ms', nullable: true })
  attemptDurationMs: number | null;

  @Column('text', { name: 'response_excerpt', nullable: true })
  responseExcerpt: string | null;
}
