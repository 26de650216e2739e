import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * Tells what texts some consecutive events of an account do not have, so that a search need not read them.
 * Partitioned by day of its id; written behind the events by the search keeper.
 */
@Entity('search_blocks')
export class SearchBlock {
  @PrimaryColumn('uuid', { name: 'account_id', primaryKeyConstraintName: 'search_blocks_pkey' })
  accountId: string;

  /** Its last event. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'search_blocks_pkey' })
  id: string;

  /** The last event of the block before: all after that one are in this block. */
  @Column('uuid', { name: 'after_id' })
  afterId: string;

  /** How many events it was made of. */
  @Column('integer')
  events: number;

  /** Bytes of a TextFilter. */
  @Column('bytea')
  filter: Buffer;
}
