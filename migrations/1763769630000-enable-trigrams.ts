import type { MigrationInterface, QueryRunner } from 'typeorm';

const HELP =
  'Data Pusher needs the extension pg_trgm, which PostgreSQL brings along. Let a superuser run ' +
  '"CREATE EXTENSION pg_trgm" in this database, or "GRANT CREATE ON DATABASE" it to our role.';

/** For indexes that find part of a text. */
export class EnableTrigrams1763769630000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DO $$ BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
      EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = '${HELP} (' || SQLERRM || ')';
      END $$`);
  }

  /** It may have been there before, and others may use it by now. */
  async down(): Promise<void> {}
}
