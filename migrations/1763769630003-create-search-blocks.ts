import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSearchBlocks1763769630003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE search_blocks (
        account_id uuid NOT NULL,
        id uuid NOT NULL,
        after_id uuid NOT NULL,
        events integer NOT NULL,
        filter bytea NOT NULL,
        CONSTRAINT search_blocks_pkey PRIMARY KEY (account_id, id)
      ) PARTITION BY RANGE (id)`);
    // Bits of a filter do not compress, and a search reads many: they stay in the row as they are.
    await runner.query('ALTER TABLE search_blocks ALTER filter SET STORAGE PLAIN');
    await runner.query('CREATE TABLE search_blocks_default PARTITION OF search_blocks DEFAULT');
    await runner.query(`
      CREATE TABLE search_marks (
        account_id uuid NOT NULL CONSTRAINT search_marks_pkey PRIMARY KEY,
        event uuid NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE search_marks, search_blocks');
  }
}
