import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

export const roles = ['Admin', 'User'] as const;
/** Admin sees and may do everything; User is what its memberships make of it. */
export type Role = (typeof roles)[number];

@Entity('users')
@Index('users_email_key', ['email'], { unique: true })
@Index('users_first_admin_key', ['firstAdmin'], { unique: true, where: 'first_admin' })
@Check('users_role_check', "role IN ('Admin', 'User')")
export class User {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'users_pkey' })
  id: string;

  @Column('varchar', { length: 254 })
  email: string;

  @Column('text', { name: 'password_hash' })
  passwordHash: string;

  @Column('text')
  role: Role;

  /** Part of every access token; raising it ends all sessions at once. */
  @Column('integer', { name: 'token_version', default: 0 })
  tokenVersion: number;

  @Column('boolean', { name: 'first_admin', default: false })
  firstAdmin: boolean;

  @Column({ type: 'timestamptz', name: 'disabled_at', precision: 3, nullable: true })
  disabledAt: Date | null;

  @Column('uuid', { name: 'created_by', nullable: true })
  createdBy: string | null;

  @Column('uuid', { name: 'updated_by', nullable: true })
  updatedBy: string | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
