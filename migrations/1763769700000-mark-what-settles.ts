import type { MigrationInterface, QueryRunner } from 'typeorm';

const CHANGED_AT = { accounts: 'deleted_at', destinations: 'updated_at' };

/** Says of which destinations and deleted accounts the open deliveries may not have followed a change yet. */
export class MarkWhatSettles1763769700000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [table, changedAt] of Object.entries(CHANGED_AT)) {
      await runner.query(`ALTER TABLE ${table} ADD COLUMN settling_until timestamptz(3)`);
      await runner.query(
        `CREATE INDEX ${table}_settling_idx ON ${table} (id) WHERE settling_until IS NOT NULL`,
      );
      await runner.query(`
        UPDATE ${table} SET settling_until = now() + interval '10 minutes'
        WHERE ${changedAt} > now() - interval '10 minutes'`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of Object.keys(CHANGED_AT))
      await runner.query(`ALTER TABLE ${table} DROP COLUMN settling_until`);
  }
}
