import type { MigrationInterface, QueryRunner } from 'typeorm';

/** At 32 one busy destination was the limit of the whole gateway; who wants less says so. */
export class RaiseMaxInFlight1763769600010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE destinations ALTER COLUMN max_in_flight SET DEFAULT 128');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE destinations ALTER COLUMN max_in_flight SET DEFAULT 32');
  }
}
