import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whoever makes a user or changes an e-mail asks which accounts have invited it. */
export class IndexInvitedEmails1763769680001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX members_invited_email_idx ON members (email) WHERE user_id IS NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX members_invited_email_idx');
  }
}
