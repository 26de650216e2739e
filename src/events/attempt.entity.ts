import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One request that was sent to a destination, with what came back. Append-only, partitioned by day of its id. One that
 * ended its delivery with success stands in the row of the delivery instead; the view `all_attempts` has both.
 */
@Entity('attempts')
export class Attempt {
  @PrimaryColumn('uuid', { name: 'delivery_id', primaryKeyConstraintName: 'attempts_pkey' })
  deliveryId: string;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'attempts_pkey' })
  id: string;

  /** 1 for the first one. */
  @Column('integer')
  number: number;

  @Column({ type: 'timestamptz', name: 'started_at', precision: 3 })
  startedAt: Date;

  @Column('integer', { name: 'duration_ms' })
  durationMs: number;

  @Column('integer', { name: 'status_code', nullable: true })
  statusCode: number | null;

  @Column('text', { nullable: true })
  error: string | null;

  @Column('text', { name: 'response_excerpt', nullable: true })
  responseExcerpt: string | null;

  /** True when the lease had passed to somebody else before the result came in; it then decided nothing. */
  @Column('boolean', { default: false })
  superseded: boolean;
}
