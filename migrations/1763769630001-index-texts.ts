import type { MigrationInterface, QueryRunner } from 'typeorm';

const INDEXES = {
  accounts_text_idx:
    'accounts USING gin (account_name gin_trgm_ops, email gin_trgm_ops, website gin_trgm_ops)',
  destinations_text_idx: 'destinations USING gin (url gin_trgm_ops, description gin_trgm_ops)',
  members_text_idx: 'members USING gin (email gin_trgm_ops)',
};

/** Part of a text is found wherever it is, however many rows there are. */
export class IndexTexts1763769630001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [name, columns] of Object.entries(INDEXES))
      await runner.query(`CREATE INDEX ${name} ON ${columns}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of Object.keys(INDEXES)) await runner.query(`DROP INDEX ${name}`);
  }
}
