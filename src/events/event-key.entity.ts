import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Makes an event id unique per account over all days and remembers which bytes came first. */
@Entity('event_keys')
export class EventKey {
  @PrimaryColumn('uuid', { name: 'account_id', primaryKeyConstraintName: 'event_keys_pkey' })
  accountId: string;

  @PrimaryColumn('varchar', { name: 'event_id', length: 255, primaryKeyConstraintName: 'event_keys_pkey' })
  eventId: string;

  @Column('uuid')
  event: string;

  @Column('bytea', { name: 'body_sha256' })
  bodySha256: Buffer;
}
