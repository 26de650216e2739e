import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Most deliveries succeed at once. Their attempt stands in the row of the log then, instead of in a row and an index
 * entry of its own; attempts that failed, and those from before, are where they were.
 */
export class KeepTheAttemptThatSucceeded1763769760000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE finished_deliveries ADD COLUMN attempt_id uuid, ADD COLUMN attempt_started_at timestamptz(3),
        ADD COLUMN attempt_duration_ms integer, ADD COLUMN response_excerpt text`);
    // That attempts >= 0 holds for every row: the index on ids is for statements that say so.
    await runner.query(`
      CREATE VIEW all_attempts AS
      SELECT delivery_id, id, number, started_at, duration_ms, status_code, error, response_excerpt, superseded
      FROM attempts
      UNION ALL
      SELECT id, attempt_id, attempts, attempt_started_at, attempt_duration_ms, last_status_code, last_error,
        response_excerpt, false
      FROM finished_deliveries WHERE attempts >= 0 AND attempt_id IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP VIEW all_attempts');
    await runner.query(`
      INSERT INTO attempts (id, delivery_id, number, started_at, duration_ms, status_code, response_excerpt)
      SELECT attempt_id, id, attempts, attempt_started_at, attempt_duration_ms, last_status_code, response_excerpt
      FROM finished_deliveries WHERE attempt_id IS NOT NULL ON CONFLICT DO NOTHING`);
    await runner.query(`
      ALTER TABLE finished_deliveries DROP COLUMN attempt_id, DROP COLUMN attempt_started_at,
        DROP COLUMN attempt_duration_ms, DROP COLUMN response_excerpt`);
  }
}
