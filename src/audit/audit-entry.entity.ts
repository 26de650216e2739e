import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Changes } from './audit-changes.js';
import type { Via } from './audit-origin.js';

/** One change of the installation. The database refuses to change or remove a row. */
@Entity('audit_log')
@Index('audit_log_id_key', ['id'], { unique: true })
@Index('audit_log_prev_hash_key', ['prevHash'], { unique: true })
@Index('audit_log_account_id_idx', ['accountId', 'seq'])
@Index('audit_log_actor_id_idx', ['actorId', 'seq'])
@Index('audit_log_actor_email_idx', ['actorEmail', 'seq'])
@Index('audit_log_api_key_id_idx', ['apiKeyId', 'seq'], { where: 'api_key_id IS NOT NULL' })
@Index('audit_log_target_id_idx', ['targetId', 'seq'])
@Index('audit_log_action_idx', ['action', 'seq'])
@Index('audit_log_at_idx', ['at'])
@Index('audit_log_text_idx', { synchronize: false })
@Check('audit_log_via_check', "via IN ('session', 'api_key', 'public', 'cli', 'system')")
export class AuditEntry {
  /** Counts from 1 without a gap. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'audit_log_pkey' })
  seq: string;

  @Column('uuid')
  id: string;

  @Column({ type: 'timestamptz', precision: 3 })
  at: Date;

  @Column('text')
  action: string;

  @Column('text')
  via: Via;

  @Column('uuid', { name: 'actor_id', nullable: true })
  actorId: string | null;

  /** As it was then. */
  @Column('varchar', { name: 'actor_email', length: 254, nullable: true })
  actorEmail: string | null;

  /** Stays when the key is revoked. */
  @Column('uuid', { name: 'api_key_id', nullable: true })
  apiKeyId: string | null;

  @Column('text', { name: 'target_type' })
  targetType: string;

  @Column('uuid', { name: 'target_id', nullable: true })
  targetId: string | null;

  @Column('uuid', { name: 'account_id', nullable: true })
  accountId: string | null;

  @Column('jsonb')
  changes: Changes;

  @Column('text', { name: 'request_id', nullable: true })
  requestId: string | null;

  @Column('text', { nullable: true })
  ip: string | null;

  @Column('text', { name: 'prev_hash' })
  prevHash: string;

  @Column('text')
  hash: string;
}
