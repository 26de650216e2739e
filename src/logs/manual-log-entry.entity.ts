import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Account } from '../accounts/account.entity.js';

export const manualStatuses = ['success', 'failed', 'cancelled'] as const;
export type ManualStatus = (typeof manualStatuses)[number];

/** An entry of the log that a caller recorded: something that happened outside, which is over. Nothing follows from it. */
@Entity('manual_log_entries')
@Index('manual_log_entries_account_id_idx', ['accountId', 'id'])
@Index('manual_log_entries_event_id_idx', ['eventId', 'accountId', 'id'])
@Index('manual_log_entries_status_idx', ['status', 'id'])
@Index('manual_log_entries_destination_id_idx', ['destinationId', 'id'])
@Check('manual_log_entries_status_check', "status IN ('success', 'failed', 'cancelled')")
export class ManualLogEntry {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'manual_log_entries_pkey' })
  id: string;

  @Column('uuid', { name: 'account_id' })
  accountId: string;

  @ManyToOne(() => Account, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'manual_log_entries_account_id_fkey' })
  account: Relation<Account>;

  /** The caller's id of the event, which need not have come through here. */
  @Column('varchar', { name: 'event_id', length: 255 })
  eventId: string;

  /** Our id of the event where it was accepted here before. */
  @Column('uuid', { nullable: true })
  event: string | null;

  @Column('uuid', { name: 'destination_id', nullable: true })
  destinationId: string | null;

  @Column('text')
  status: ManualStatus;

  @Column('varchar', { length: 2000, nullable: true })
  message: string | null;

  @Column('uuid', { name: 'created_by', nullable: true })
  createdBy: string | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
