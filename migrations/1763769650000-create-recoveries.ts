import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateRecoveries1763769650000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE recoveries (
        id uuid CONSTRAINT recoveries_pkey PRIMARY KEY,
        account_id uuid NOT NULL
          CONSTRAINT recoveries_account_id_fkey REFERENCES accounts (id) ON DELETE CASCADE,
        state text NOT NULL DEFAULT 'preview',
        status text NOT NULL,
        destination_ids uuid[],
        event_type varchar(255),
        from_at timestamptz(3) NOT NULL,
        to_at timestamptz(3) NOT NULL,
        is_exact boolean NOT NULL,
        created_by uuid,
        updated_by uuid,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        started_at timestamptz(3),
        ended_at timestamptz(3),
        CONSTRAINT recoveries_state_check
          CHECK (state IN ('preview', 'running', 'paused', 'cancelled', 'completed')),
        CONSTRAINT recoveries_status_check CHECK (status IN ('failed', 'cancelled', 'success'))
      )`);
    await runner.query('CREATE INDEX recoveries_account_id_idx ON recoveries (account_id, id)');
    await runner.query(`CREATE INDEX recoveries_running_idx ON recoveries (id) WHERE state = 'running'`);
    // Each destination is walked by itself, so that one which is slow keeps no other waiting.
    await runner.query(`
      CREATE TABLE recovery_destinations (
        recovery_id uuid NOT NULL
          CONSTRAINT recovery_destinations_recovery_id_fkey REFERENCES recoveries (id) ON DELETE CASCADE,
        destination_id uuid NOT NULL,
        matched integer NOT NULL,
        oldest_at timestamptz(3) NOT NULL,
        newest_at timestamptz(3) NOT NULL,
        replayed integer NOT NULL DEFAULT 0,
        skipped integer NOT NULL DEFAULT 0,
        walked_to uuid NOT NULL,
        next_page_at timestamptz(3) NOT NULL DEFAULT now(),
        ended_at timestamptz(3),
        CONSTRAINT recovery_destinations_pkey PRIMARY KEY (recovery_id, destination_id)
      )`);
    // Workers wait for nothing else than that somebody starts one.
    await runner.query(`
      CREATE TRIGGER recoveries_notify_change AFTER UPDATE OF state ON recoveries
      FOR EACH ROW EXECUTE FUNCTION notify_account_change('account_id')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE recovery_destinations, recoveries');
  }
}
