import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far the events of an account are in search blocks. */
@Entity('search_marks')
export class SearchMark {
  @PrimaryColumn('uuid', { name: 'account_id', primaryKeyConstraintName: 'search_marks_pkey' })
  accountId: string;

  /** Internal id of the last event that is in a block. */
  @Column('uuid')
  event: string;
}
