import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A delivery that is still to do: one event on its way to one destination. Finished ones move to the log. */
@Entity('deliveries')
@Index('deliveries_due_idx', ['destinationId', 'dueAt'])
@Index('deliveries_account_id_idx', ['accountId', 'id'])
@Check('deliveries_status_check', "status IN ('pending', 'retrying', 'held')")
export class Delivery {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'deliveries_pkey' })
  id: string;

  /** The internal id of the event. */
  @Column('uuid')
  event: string;

  @Column('uuid', { name: 'account_id' })
  accountId: string;

  @Column('uuid', { name: 'destination_id' })
  destinationId: string;

  /** The producer's id of the event, so that the log needs no event to tell it. */
  @Column('varchar', { name: 'event_id', length: 255 })
  eventId: string;

  @Column('varchar', { name: 'event_type', length: 255, nullable: true })
  eventType: string | null;

  @Column('text', { default: 'pending' })
  status: 'pending' | 'retrying' | 'held';

  /** Attempts whose result is recorded. */
  @Column('integer', { default: 0 })
  attempts: number;

  /** When the next attempt may start, by the database's clock. */
  @Column({ type: 'timestamptz', name: 'due_at', precision: 3, default: () => 'now()' })
  dueAt: Date;

  /** Fencing token: only who holds it may record a result. Null while nobody works on the row. */
  @Column('uuid', { name: 'lease_token', nullable: true })
  leaseToken: string | null;

  @Column({ type: 'timestamptz', name: 'lease_until', precision: 3, nullable: true })
  leaseUntil: Date | null;

  /** Size of the event's payload. */
  @Column('integer', { name: 'payload_bytes', default: 0 })
  payloadBytes: number;

  @Column('integer', { name: 'last_status_code', nullable: true })
  lastStatusCode: number | null;

  @Column('text', { name: 'last_error', nullable: true })
  lastError: string | null;

  /** What made it: an accepted event, a replay or a test. */
  @Column('text', { default: 'event' })
  origin: string;

  @Column({ type: 'timestamptz', name: 'received_at', precision: 3, default: () => 'now()' })
  receivedAt: Date;
}
