import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The search finds a part of a text among millions of rows. */
export class IndexAuditTexts1763769660001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE EXTENSION IF NOT EXISTS pg_trgm');
    await runner.query(`
      CREATE INDEX audit_log_text_idx ON audit_log
      USING gin (actor_email gin_trgm_ops, action gin_trgm_ops, (changes::text) gin_trgm_ops)`);
  }

  /** The extension may serve others. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX audit_log_text_idx');
  }
}
