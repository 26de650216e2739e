import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateEvents1763769600004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Ids are UUIDv7, so a range of ids is a range of time: days are partitions of the id itself. The key begins
    // with the account, so that one index finds an event and lists those of an account.
    await runner.query(`
      CREATE TABLE events (
        account_id uuid NOT NULL,
        id uuid NOT NULL,
        event_id varchar(255) NOT NULL,
        event_type varchar(255),
        payload bytea NOT NULL,
        destination_ids uuid[] NOT NULL,
        received_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT events_pkey PRIMARY KEY (account_id, id)
      ) PARTITION BY RANGE (id)`);
    await runner.query('CREATE TABLE events_default PARTITION OF events DEFAULT');
    // Partitioned tables cannot keep (account, event id) unique over all days, so the key has a table of its own.
    await runner.query(`
      CREATE TABLE event_keys (
        account_id uuid NOT NULL,
        event_id varchar(255) NOT NULL,
        event uuid NOT NULL,
        body_sha256 bytea NOT NULL,
        CONSTRAINT event_keys_pkey PRIMARY KEY (account_id, event_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE event_keys, events');
  }
}
