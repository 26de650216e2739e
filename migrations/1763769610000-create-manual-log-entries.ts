import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What callers record themselves. Apart from the deliveries, so that nothing can send, replay or count it. */
export class CreateManualLogEntries1763769610000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE manual_log_entries (
        id uuid NOT NULL CONSTRAINT manual_log_entries_pkey PRIMARY KEY,
        account_id uuid NOT NULL CONSTRAINT manual_log_entries_account_id_fkey
          REFERENCES accounts (id) ON DELETE CASCADE,
        event_id varchar(255) NOT NULL,
        event uuid,
        destination_id uuid,
        status text NOT NULL,
        message varchar(2000),
        created_by uuid,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT manual_log_entries_status_check CHECK (status IN ('success', 'failed', 'cancelled'))
      )`);
    await runner.query(
      'CREATE INDEX manual_log_entries_account_id_idx ON manual_log_entries (account_id, id)',
    );
    await runner.query(
      'CREATE INDEX manual_log_entries_event_id_idx ON manual_log_entries (event_id, account_id, id)',
    );
    await runner.query(
      'CREATE INDEX manual_log_entries_destination_id_idx ON manual_log_entries (destination_id, id)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE manual_log_entries');
  }
}
