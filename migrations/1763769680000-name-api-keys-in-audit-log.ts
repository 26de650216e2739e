import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A row keeps the id of its key when that is revoked, so it refers to no other table. Most rows have none. */
export class NameApiKeysInAuditLog1763769680000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_log ADD COLUMN api_key_id uuid');
    await runner.query(
      'CREATE INDEX audit_log_api_key_id_idx ON audit_log (api_key_id, seq) WHERE api_key_id IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_log DROP COLUMN api_key_id');
  }
}
