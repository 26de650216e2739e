import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Account } from '../accounts/account.entity.js';
import { type Role, User } from '../users/user.entity.js';

/** What a user is in an account. Without a user it is an invitation, redeemed at registration by its token. */
@Entity('members')
@Index('members_account_id_email_key', ['accountId', 'email'], { unique: true })
@Index('members_account_id_user_id_key', ['accountId', 'userId'], { unique: true })
@Index('members_account_id_idx', ['accountId', 'id'])
@Index('members_user_id_idx', ['userId'])
@Index('members_invited_email_idx', ['email'], { where: 'user_id IS NULL' })
@Index('members_invite_token_sha256_key', ['inviteTokenSha256'], { unique: true })
@Index('members_text_idx', ['email'], { type: 'gin' })
@Check('members_role_name_check', "role_name IN ('Admin', 'User')")
@Check('members_user_or_invitation_check', '(user_id IS NULL) <> (invite_token_sha256 IS NULL)')
export class Member {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'members_pkey' })
  id: string;

  @Column('uuid', { name: 'account_id' })
  accountId: string;

  @ManyToOne(() => Account, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'members_account_id_fkey' })
  account: Relation<Account>;

  @Column('uuid', { name: 'user_id', nullable: true })
  userId: string | null;

  @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: true })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'members_user_id_fkey' })
  user: Relation<User> | null;

  @Column('varchar', { length: 254 })
  email: string;

  @Column('text', { name: 'role_name' })
  roleName: Role;

  @Column('bytea', { name: 'invite_token_sha256', nullable: true })
  inviteTokenSha256: Buffer | null;

  @Column('uuid', { name: 'created_by', nullable: true })
  createdBy: string | null;

  @Column('uuid', { name: 'updated_by', nullable: true })
  updatedBy: string | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
