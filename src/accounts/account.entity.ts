import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('accounts')
@Index('accounts_deleted_idx', ['id'], { where: 'deleted_at IS NOT NULL' })
@Index('accounts_email_key', ['email'], { unique: true, where: 'email IS NOT NULL AND deleted_at IS NULL' })
@Index('accounts_settling_idx', ['id'], { where: 'settling_until IS NOT NULL' })
@Index('accounts_text_idx', ['accountName', 'email', 'website'], { type: 'gin' })
@Check('accounts_rate_limit_check', 'rate_limit_per_second BETWEEN 1 AND 1000000')
export class Account {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'accounts_pkey' })
  id: string;

  @Column('varchar', { name: 'account_name', length: 200 })
  accountName: string;

  @Column('varchar', { length: 2048, nullable: true })
  website: string | null;

  @Column('varchar', { length: 254, nullable: true })
  email: string | null;

  @Column('integer', { name: 'rate_limit_per_second', default: 5 })
  rateLimitPerSecond: number;

  @Column('boolean', { name: 'require_event_id', default: false })
  requireEventId: boolean;

  @Column({ type: 'timestamptz', name: 'deleted_at', precision: 3, nullable: true })
  deletedAt: Date | null;

  /** Until when its open deliveries may not have followed its end. */
  @Column({ type: 'timestamptz', name: 'settling_until', precision: 3, nullable: true })
  settlingUntil: Date | null;

  @Column('uuid', { name: 'created_by', nullable: true })
  createdBy: string | null;

  @Column('uuid', { name: 'updated_by', nullable: true })
  updatedBy: string | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
