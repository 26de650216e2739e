import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lists across accounts read each account's members newest first and leave out the few accounts that are deleted. */
export class IndexMembersAndDeletedAccounts1763769610003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX members_account_id_idx ON members (account_id, id)');
    await runner.query('CREATE INDEX accounts_deleted_idx ON accounts (id) WHERE deleted_at IS NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX accounts_deleted_idx');
    await runner.query('DROP INDEX members_account_id_idx');
  }
}
