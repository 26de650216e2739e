import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An accepted event, exactly as it came. Partitioned by day of its id; written once by the accept batcher. */
@Entity('events')
@Index('events_event_type_idx', ['accountId', 'eventType', 'id'], { where: 'event_type IS NOT NULL' })
export class Event {
  @PrimaryColumn('uuid', { name: 'account_id', primaryKeyConstraintName: 'events_pkey' })
  accountId: string;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'events_pkey' })
  id: string;

  /** The producer's id; unique per account through event_keys. */
  @Column('varchar', { name: 'event_id', length: 255 })
  eventId: string;

  @Column('varchar', { name: 'event_type', length: 255, nullable: true })
  eventType: string | null;

  @Column('bytea')
  payload: Buffer;

  @Column('uuid', { name: 'destination_ids', array: true })
  destinationIds: string[];

  @Column({ type: 'timestamptz', name: 'received_at', precision: 3, default: () => 'now()' })
  receivedAt: Date;
}
