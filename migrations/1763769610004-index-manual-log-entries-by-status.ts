import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Entries of one status across all accounts, however rare it is. */
export class IndexManualLogEntriesByStatus1763769610004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX manual_log_entries_status_idx ON manual_log_entries (status, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX manual_log_entries_status_idx');
  }
}
