import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Account } from './account.entity.js';

/** A secret a producer posts with. The current one never expires; one that was rotated away lives out its grace. */
@Entity('account_tokens')
@Index('account_tokens_token_sha256_key', ['tokenSha256'], { unique: true })
@Index('account_tokens_current_key', ['accountId'], { unique: true, where: 'expires_at IS NULL' })
@Index('account_tokens_account_id_idx', ['accountId'])
export class AccountToken {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'account_tokens_pkey' })
  id: string;

  @Column('uuid', { name: 'account_id' })
  accountId: string;

  @ManyToOne(() => Account, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'account_tokens_account_id_fkey' })
  account: Relation<Account>;

  /** What an arriving token is looked up by; 32 random bytes need no slow hash. */
  @Column('bytea', { name: 'token_sha256' })
  tokenSha256: Buffer;

  /** The token itself, encrypted, so that Admins can read it again. */
  @Column('text', { name: 'token_sealed' })
  tokenSealed: string;

  @Column({ type: 'timestamptz', name: 'expires_at', precision: 3, nullable: true })
  expiresAt: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
