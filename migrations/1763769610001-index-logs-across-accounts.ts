import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The newest of all accounts, as Admins list them. Ids arrive nearly in order, which makes it the cheapest index to keep.
 * That `attempts >= 0` holds for every row keeps these indexes for statements that say so: others would walk the log of
 * everybody where PostgreSQL expects more hits than there are.
 */
export class IndexLogsAcrossAccounts1763769610001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX finished_deliveries_id_idx ON finished_deliveries (id) WHERE attempts >= 0',
    );
    await runner.query(
      `CREATE INDEX finished_deliveries_unsuccessful_id_idx ON finished_deliveries (status, id)
       WHERE status <> 'success' AND attempts >= 0`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX finished_deliveries_unsuccessful_id_idx');
    await runner.query('DROP INDEX finished_deliveries_id_idx');
  }
}
