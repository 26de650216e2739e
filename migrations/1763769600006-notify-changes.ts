import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = { accounts: 'id', account_tokens: 'account_id', destinations: 'account_id' };

/** Tells every process which account changed, so that none serves an old token or destination from its cache. */
export class NotifyChanges1763769600006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION notify_account_change() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        changed jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
      BEGIN
        PERFORM pg_notify('account_changed', changed ->> TG_ARGV[0]);
        RETURN NULL;
      END $$`);
    for (const [table, column] of Object.entries(TABLES))
      await runner.query(`
        CREATE TRIGGER ${table}_notify_change AFTER INSERT OR UPDATE OR DELETE ON ${table}
        FOR EACH ROW EXECUTE FUNCTION notify_account_change('${column}')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of Object.keys(TABLES))
      await runner.query(`DROP TRIGGER ${table}_notify_change ON ${table}`);
    await runner.query('DROP FUNCTION notify_account_change');
  }
}
