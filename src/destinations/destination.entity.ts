import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Account } from '../accounts/account.entity.js';

export const httpMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type HttpMethod = (typeof httpMethods)[number];

export const destinationStates = ['active', 'paused', 'disabled'] as const;
/** Only active ones are sent to. Deliveries to the others are held until they are active again. */
export type DestinationState = (typeof destinationStates)[number];

@Entity('destinations')
@Index('destinations_account_id_idx', ['accountId', 'id'])
@Index('destinations_settling_idx', ['id'], { where: 'settling_until IS NOT NULL' })
@Index('destinations_text_idx', ['url', 'description'], { type: 'gin' })
@Check('destinations_http_method_check', "http_method IN ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')")
@Check('destinations_state_check', "state IN ('active', 'paused', 'disabled')")
export class Destination {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'destinations_pkey' })
  id: string;

  @Column('uuid', { name: 'account_id' })
  accountId: string;

  @ManyToOne(() => Account, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'destinations_account_id_fkey' })
  account: Relation<Account>;

  @Column('varchar', { length: 2048 })
  url: string;

  @Column('text', { name: 'http_method', default: 'POST' })
  httpMethod: HttpMethod;

  /** The headers as JSON, encrypted: they usually hold credentials. */
  @Column('text', { name: 'headers_sealed' })
  headersSealed: string;

  @Column('text', { name: 'header_names', array: true, default: () => "'{}'" })
  headerNames: string[];

  /** Exact types or `prefix.*`; empty takes every event. */
  @Column('text', { name: 'event_types', array: true, default: () => "'{}'" })
  eventTypes: string[];

  @Column('varchar', { length: 500, nullable: true })
  description: string | null;

  @Column('text', { default: 'active' })
  state: DestinationState;

  @Column('text', { name: 'disabled_reason', nullable: true })
  disabledReason: string | null;

  @Column('integer', { name: 'max_in_flight', default: 128 })
  maxInFlight: number;

  @Column('integer', { name: 'rate_limit_per_second', nullable: true })
  rateLimitPerSecond: number | null;

  /** Null takes the server's DELIVERY_TIMEOUT_MS. */
  @Column('integer', { name: 'timeout_ms', nullable: true })
  timeoutMs: number | null;

  @Column('text', { name: 'signing_secret_sealed' })
  signingSecretSealed: string;

  /** The secret before the last rotation; signs beside the current one until its grace ends. */
  @Column('text', { name: 'previous_secret_sealed', nullable: true })
  previousSecretSealed: string | null;

  @Column({ type: 'timestamptz', name: 'previous_secret_expires_at', precision: 3, nullable: true })
  previousSecretExpiresAt: Date | null;

  /** Counts edits; it is the ETag. */
  @Column('integer', { default: 1 })
  version: number;

  @Column({ type: 'timestamptz', name: 'deleted_at', precision: 3, nullable: true })
  deletedAt: Date | null;

  /** Until when its open deliveries may not have followed its state. */
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
