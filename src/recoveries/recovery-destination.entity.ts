import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Recovery } from './recovery.entity.js';

/** The walk of a recovery through the deliveries of one destination. */
@Entity('recovery_destinations')
export class RecoveryDestination {
  @PrimaryColumn('uuid', { name: 'recovery_id', primaryKeyConstraintName: 'recovery_destinations_pkey' })
  recoveryId: string;

  @ManyToOne(() => Recovery, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'recovery_id', foreignKeyConstraintName: 'recovery_destinations_recovery_id_fkey' })
  recovery: Relation<Recovery>;

  @PrimaryColumn('uuid', { name: 'destination_id', primaryKeyConstraintName: 'recovery_destinations_pkey' })
  destinationId: string;

  /** Deliveries to make again, as counted when the recovery was created. */
  @Column('integer')
  matched: number;

  /** When the events of the first and the last of them were received. */
  @Column({ type: 'timestamptz', name: 'oldest_at', precision: 3 })
  oldestAt: Date;

  @Column({ type: 'timestamptz', name: 'newest_at', precision: 3 })
  newestAt: Date;

  @Column('integer', { default: 0 })
  replayed: number;

  /** Passed over: delivered or on their way again meanwhile, or without a body by now. */
  @Column('integer', { default: 0 })
  skipped: number;

  /** The id up to which deliveries were looked at; written together with what was made of them. */
  @Column('uuid', { name: 'walked_to' })
  walkedTo: string;

  @Column({ type: 'timestamptz', name: 'next_page_at', precision: 3, default: () => 'now()' })
  nextPageAt: Date;

  @Column({ type: 'timestamptz', name: 'ended_at', precision: 3, nullable: true })
  endedAt: Date | null;
}
