import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Account } from '../accounts/account.entity.js';

export const recoveryStates = ['preview', 'running', 'paused', 'cancelled', 'completed'] as const;
export type RecoveryState = (typeof recoveryStates)[number];

export const recoverableStatuses = ['failed', 'cancelled', 'success'] as const;
export type RecoverableStatus = (typeof recoverableStatuses)[number];

/** Many deliveries to make again: which ones, and how far it is. What matched when it was created stays what it is. */
@Entity('recoveries')
@Index('recoveries_account_id_idx', ['accountId', 'id'])
@Index('recoveries_running_idx', ['id'], { where: "state = 'running'" })
@Check('recoveries_state_check', "state IN ('preview', 'running', 'paused', 'cancelled', 'completed')")
@Check('recoveries_status_check', "status IN ('failed', 'cancelled', 'success')")
export class Recovery {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'recoveries_pkey' })
  id: string;

  @Column('uuid', { name: 'account_id' })
  accountId: string;

  @ManyToOne(() => Account, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'recoveries_account_id_fkey' })
  account: Relation<Account>;

  @Column('text', { default: 'preview' })
  state: RecoveryState;

  /** Of the deliveries to make again; so are the four fields that follow. */
  @Column('text')
  status: RecoverableStatus;

  /** As they were asked for; null takes all. */
  @Column('uuid', { name: 'destination_ids', array: true, nullable: true })
  destinationIds: string[] | null;

  @Column('varchar', { name: 'event_type', length: 255, nullable: true })
  eventType: string | null;

  @Column({ type: 'timestamptz', name: 'from_at', precision: 3 })
  fromAt: Date;

  @Column({ type: 'timestamptz', name: 'to_at', precision: 3 })
  toAt: Date;

  /** False where there were too many to count them one by one. */
  @Column('boolean', { name: 'is_exact' })
  isExact: boolean;

  @Column('uuid', { name: 'created_by', nullable: true })
  createdBy: string | null;

  @Column('uuid', { name: 'updated_by', nullable: true })
  updatedBy: string | null;

  /** What came to its end later does not belong to it. */
  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3, default: () => 'now()' })
  updatedAt: Date;

  @Column({ type: 'timestamptz', name: 'started_at', precision: 3, nullable: true })
  startedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'ended_at', precision: 3, nullable: true })
  endedAt: Date | null;
}
