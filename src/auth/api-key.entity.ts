import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity.js';

/** A bearer token for programs: it acts as its user, until it expires or is revoked, which removes the row. */
@Entity('api_keys')
@Index('api_keys_key_sha256_key', ['keySha256'], { unique: true })
@Index('api_keys_user_id_name_key', ['userId', 'name'], { unique: true })
@Index('api_keys_user_id_id_idx', ['userId', 'id'])
export class ApiKey {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'api_keys_pkey' })
  id: string;

  @Column('uuid', { name: 'user_id' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'api_keys_user_id_fkey' })
  user: Relation<User>;

  @Column('varchar', { length: 100 })
  name: string;

  /** How the key begins: enough to recognise it by, too little to use it. */
  @Column('varchar', { length: 16 })
  prefix: string;

  @Column('bytea', { name: 'key_sha256' })
  keySha256: Buffer;

  @Column({ type: 'timestamptz', name: 'expires_at', precision: 3, nullable: true })
  expiresAt: Date | null;

  @Column({ type: 'timestamptz', name: 'last_used_at', precision: 3, nullable: true })
  lastUsedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
