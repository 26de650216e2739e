import type { MigrationInterface, QueryRunner } from 'typeorm';

const INDEXES = {
  audit_log_account_id_idx: '(account_id, seq)',
  audit_log_actor_id_idx: '(actor_id, seq)',
  audit_log_actor_email_idx: '(actor_email, seq)',
  audit_log_target_id_idx: '(target_id, seq)',
  audit_log_action_idx: '(action, seq)',
  audit_log_at_idx: '(at)',
};

/** Rows that name users and accounts outlive them, so nothing here refers to another table. */
export class CreateAuditLog1763769660000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_log (
        seq bigint CONSTRAINT audit_log_pkey PRIMARY KEY,
        id uuid NOT NULL,
        at timestamptz(3) NOT NULL,
        action text NOT NULL,
        via text NOT NULL,
        actor_id uuid,
        actor_email varchar(254),
        target_type text NOT NULL,
        target_id uuid,
        account_id uuid,
        changes jsonb NOT NULL,
        request_id text,
        ip text,
        prev_hash text NOT NULL,
        hash text NOT NULL,
        CONSTRAINT audit_log_via_check CHECK (via IN ('session', 'api_key', 'public', 'cli', 'system'))
      )`);
    await runner.query('CREATE UNIQUE INDEX audit_log_id_key ON audit_log (id)');
    // Two rows that follow the same one would be a fork.
    await runner.query('CREATE UNIQUE INDEX audit_log_prev_hash_key ON audit_log (prev_hash)');
    for (const [name, columns] of Object.entries(INDEXES))
      await runner.query(`CREATE INDEX ${name} ON audit_log ${columns}`);
    await runner.query(`
      CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'audit_log is append-only: % is refused', TG_OP;
      END $$`);
    await runner.query(`
      CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_log');
    await runner.query('DROP FUNCTION refuse_audit_change');
  }
}
